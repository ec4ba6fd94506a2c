// Outputs: where results go, checked before any work; writing that never leaves half a file.
#pragma once

#include "pipelines/cli/inputs.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace calcispec::cli {

/// Whoever reads our standard output has closed it; the program ends with success.
struct ClosedPipe {};

/// Writes to standard output. Throws ClosedPipe, or Error{output_failed} for a full disk.
void print(std::string_view text);
/// A line on standard error, with the program's name before it; never throws.
void print_message(std::string_view text);

/// Throws Error{invalid_argument} if the file exists and `force` is false, or is a folder;
/// Error{output_failed} if its folder is missing or cannot be written. "-" always passes.
void check_output(const std::string& path, bool force);
/// Makes the folder if it is missing. Throws Error{output_failed}.
void make_folder(const std::string& path);
/// The same for pictures: without `force` an Error{invalid_argument} if it holds some already.
void make_picture_folder(const std::string& path, bool force);

/// An existing folder, or a name that ends in /.
bool is_folder_name(const std::string& path);

/// The paths that plan_outputs gives, without a look at the disk beyond the target.
std::vector<std::string> output_names(const std::string& target,
                                      std::span<const std::string> inputs,
                                      std::string_view extension);
/// Prints for --dry-run what would become of each input.
void print_plan(const InputList& list, const std::string& target, std::string_view extension);

/// One output path per input, before any work. `target`: "-", a file (one input only) or a folder
/// (existing, or ending in /, made when missing). Names are those of the inputs with the new
/// extension (".csv"); names that collide get _2, _3 ... Checks each as check_output does.
std::vector<std::string> plan_outputs(const std::string& target,
                                      std::span<const std::string> inputs,
                                      std::string_view extension,
                                      bool force);

/// Writes a whole file: to a temporary name beside it, then renamed. "-": standard output.
/// Throws Error{output_failed} with the system's reason.
void write_output(const std::string& path, std::string_view content);
/// The same for writers that want a path: called with the temporary name.
void write_output_file(const std::string& path,
                       const std::function<void(const std::string& temporary)>& write);

/// Catches Ctrl-C: the first one asks long work to stop, the second one ends the program.
void watch_interrupt();
/// Throws Error{interrupted} after a Ctrl-C.
void check_interrupt();

}  // namespace calcispec::cli
