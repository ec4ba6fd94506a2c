// calcispec-mpi: a batch on the ranks of an MPI job; each runs its shard, the first one merges.
// MPI carries exit codes alone: a lost rank costs its shard's last seconds, the next run goes on.
#include "io/reader_process.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/outputs.hpp"

#include <algorithm>
#include <mpi.h>
#include <string>
#include <vector>

namespace {

using calcispec::cli::ExitCode;

class Session {
 public:
  Session(int* count, char*** words) { MPI_Init(count, words); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  Session(Session&&) = delete;
  Session& operator=(Session&&) = delete;
  ~Session() { MPI_Finalize(); }

  [[nodiscard]] static int rank() {
    int value = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &value);
    return value;
  }
  [[nodiscard]] static int ranks() {
    int value = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &value);
    return value;
  }
  // The worst of all ranks; what can go on (75) counts less than what failed.
  [[nodiscard]] static int worst(int code) {
    const int weight = code == ExitCode::exit_resumable ? 1 : 2 * code;
    int most = 0;
    MPI_Allreduce(&weight, &most, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return most == 1 ? static_cast<int>(ExitCode::exit_resumable) : most / 2;
  }
};

int fail(const std::string& message) {
  if (Session::rank() == 0) {
    calcispec::cli::print_message(message);
  }
  return ExitCode::exit_usage;
}

int run(const std::vector<std::string>& words) {
  const bool has_shard = std::any_of(
      words.begin(), words.end(), [](const auto& w) { return w.starts_with("--shard"); });
  if (words.empty() || words.front() != "run" || has_shard) {
    return fail(
        "expected: calcispec-mpi run INPUT -o FILE.nxs, with the options of calcispec batch "
        "run but --shard, which the rank decides");
  }
  const auto ranks = std::to_string(Session::ranks());
  std::vector<std::string> shard{"batch"};
  shard.insert(shard.end(), words.begin(), words.end());
  shard.push_back("--shard");
  shard.push_back(std::to_string(Session::rank()) + "/" + ranks);
  if (Session::rank() > 0) {
    shard.emplace_back("--quiet");
  }
  const int code = Session::worst(calcispec::cli::run_program(shard));
  if (code != ExitCode::exit_ok) {
    return code;
  }
  int merged = ExitCode::exit_ok;
  if (Session::rank() == 0) {
    std::vector<std::string> merge{"batch", "merge"};
    merge.insert(merge.end(), words.begin() + 1, words.end());
    merge.emplace_back("--shards");
    merge.push_back(ranks);
    merged = calcispec::cli::run_program(merge);
  }
  return Session::worst(merged);
}

}  // namespace

int main(int count, char** words) {
  // Started by a rank, to read a file that is not trusted: no rank itself.
  if (count > 1 && words[1] == std::string(calcispec::io::reader_word)) {
    return calcispec::io::serve_reader();
  }
  const Session session(&count, &words);
  return run(std::vector<std::string>(words + 1, words + count));
}
