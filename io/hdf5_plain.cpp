// Plain HDF5 files: pairs of an axis and a spectrum, else the dataset with most numbers.
#include "io/hdf5_search_private.hpp"

#include <algorithm>
#include <functional>

namespace calcispec::io::hdf5 {
namespace {

constexpr int plain_deepest = 12;

class PlainFinder {
 public:
  explicit PlainFinder(ObjectSearch& search) : search_(search) {}

  void run() {
    search_.start_again();
    std::optional<Signal> best;
    visit(search_.file(), "", 0, best);
    if (best && search_.signals().empty()) {
      search_.signals().push_back(std::move(*best));
    }
  }

 private:
  // Two rows, the first of which rises or falls all along.
  [[nodiscard]] bool is_axis_with_spectrum(const Signal& signal) const {
    const auto& size = signal.shape.size;
    if (size.size() != 2 || size[0] != 2 || size[1] < 3) {
      return false;
    }
    const auto both = search_.numbers(signal.data.id(), 2 * size[1]);
    const auto end = both.begin() + static_cast<std::ptrdiff_t>(size[1]);
    return std::adjacent_find(both.begin(), end, std::greater_equal<>()) == end ||
           std::adjacent_find(both.begin(), end, std::less_equal<>()) == end;
  }

  void visit(hid_t group, const std::string& path, int depth, std::optional<Signal>& best) {
    if (depth > plain_deepest || !search_.is_new(group)) {
      return;
    }
    const auto inside = path + "/";
    for (const auto& name : ObjectSearch::names_in(group)) {
      const auto object = open_object(group, name);
      if (!object.is_open()) {
        continue;
      }
      if (H5Iget_type(object.id()) == H5I_GROUP) {
        visit(object.id(), inside + name, depth + 1, best);
        continue;
      }
      auto signal = search_.open_signal(group, path, name);
      if (signal && is_axis_with_spectrum(*signal)) {
        signal->is_pair = true;
        signal->title = name;
        search_.take(std::move(*signal));
        continue;
      }
      if (signal && (!best || count_of(*signal) > count_of(*best))) {
        search_.find_loose_axis(group, name, *signal);
        best = std::move(signal);
      }
    }
  }

  ObjectSearch& search_;
};

}  // namespace

void find_plain(ObjectSearch& search) {
  PlainFinder(search).run();
}

}  // namespace calcispec::io::hdf5
