// Which variables of a MATLAB file are spectra; one set of rules for MATLAB 5 and 7.3.
#include "io/interpretation.hpp"
#include "io/matlab_private.hpp"
#include "io/text_file.hpp"

#include <algorithm>

namespace calcispec::io::matlab {
namespace {

constexpr int deepest_struct = 6;

bool is_matrix(const Array& array) {
  return array.kind == Array::Kind::numbers && array.size.size() >= 2 && array.size.size() <= 4 &&
         array.count() >= 3;
}

bool is_vector(const Array& array) {
  return is_matrix(array) && array.size.size() == 2 && (array.size[0] == 1 || array.size[1] == 1);
}

bool is_axis_name(const std::string& name) {
  const auto lower = lower_case(name);
  for (const char* word : {"wave", "wvn", "wn", "wl", "shift", "axis", "freq", "lambda", "cm"}) {
    if (lower.find(word) != std::string::npos) {
      return true;
    }
  }
  return lower == "x" || lower == "nm";
}

// Cells and elements stand in brackets of their own.
std::string joined(const std::string& path, const std::string& name) {
  const bool is_bracket = !name.empty() && (name[0] == '{' || name[0] == '(');
  return path.empty() || is_bracket ? path + name : path + "." + name;
}

// Variables, fields or cells that stand together.
struct Scope {
  const std::vector<Array>& members;
  std::string path;
  const Scope* above = nullptr;
  bool is_cell = false;
};

struct PlainSignals {
  std::vector<Found> signals;
  int axis = 0;              // 0 none, 1 a vector that fits, 2 one with the name of an axis
  bool is_variable = false;  // no field, no cell
};

class MatlabRules {
 public:
  explicit MatlabRules(const Numbers& numbers) : numbers_(numbers) {}

  std::vector<Found> run(const std::vector<Array>& variables) {
    for (const auto& variable : variables) {
      find_data_sets(variable, variable.name, 0);
    }
    if (signals_.empty()) {
      find_plain(variables);
    }
    return std::move(signals_);
  }

 private:
  // Structs or objects with the fields data and axisscale. The scale of dimension d stands in row d
  // of the first column of cells, its name in the second.
  void find_data_sets(const Array& array, const std::string& path, int depth) {
    const auto* data = array.field("data");
    if (data != nullptr && is_matrix(*data) && array.field("axisscale") != nullptr) {
      signals_.push_back(data_set(array, *data, path));
      return;
    }
    if (depth < deepest_struct) {
      for (const auto& part : array.parts) {
        find_data_sets(part, joined(path, part.name), depth + 1);
      }
    }
  }

  static Found data_set(const Array& array, const Array& data, const std::string& path) {
    Found out;
    out.path = path;
    out.values = &data;
    const auto& scales = *array.field("axisscale");
    out.spectral = data.size.size() - 1;
    const auto rows = scales.size.empty() ? 0 : scales.size[0];
    const auto cell = [&](std::uint64_t row, std::uint64_t column) -> const Array* {
      const auto at = row + column * rows;
      return scales.kind == Array::Kind::cell && row < rows && at < scales.parts.size()
                 ? &scales.parts[at]
                 : nullptr;
    };
    const auto* axis = cell(out.spectral, 0);
    if (axis != nullptr && is_vector(*axis) && axis->count() == data.size[out.spectral]) {
      out.axis = axis;
    }
    const auto* label = cell(out.spectral, 1);
    out.axis_label = label == nullptr ? "" : label->text;
    const auto* title = array.field("name");
    out.title = title == nullptr ? "" : title->text;
    const auto* image = array.field("imagesize");
    const bool is_size =
        image != nullptr && image->kind == Array::Kind::numbers && image->count() == 2;
    out.image_size = is_size ? image : nullptr;
    return out;
  }

  // CytoSpec keeps a map in C (x, y, points, processing state); other files a matrix and a vector.
  void find_plain(const std::vector<Array>& variables) {
    collect({variables, "", nullptr, false}, 0);
    int surest = 0;
    for (const auto& one : found_) {
      surest = std::max(surest, one.axis);
    }
    const bool is_outermost =
        surest == 0 || (found_.front().is_variable && found_.front().axis > 0);
    for (auto& one : found_) {
      if (!is_outermost && one.axis < surest) {
        continue;
      }
      std::move(one.signals.begin(), one.signals.end(), std::back_inserter(signals_));
      if (is_outermost) {
        return;
      }
    }
  }

  void collect(const Scope& scope, int depth) {
    auto own = plain_of(scope);
    own.is_variable = scope.above == nullptr;
    if (!own.signals.empty()) {
      found_.push_back(std::move(own));
    }
    for (const auto& member : scope.members) {
      if (!member.parts.empty() && depth < deepest_struct) {
        collect({member.parts,
                 joined(scope.path, member.name),
                 &scope,
                 member.kind == Array::Kind::cell},
                depth + 1);
      }
    }
  }

  [[nodiscard]] PlainSignals plain_of(const Scope& scope) const {
    auto candidates = candidates_of(scope);
    PlainSignals out;
    if (candidates.empty()) {
      return out;
    }
    const Array* best = candidates.front();
    for (const auto* one : candidates) {
      const bool is_else = names_something_else(one->name);
      const bool was_else = names_something_else(best->name);
      const bool is_larger = one->count() > best->count();
      best = is_else == was_else ? (is_larger ? one : best) : (was_else ? one : best);
    }
    const bool is_each =
        scope.is_cell && std::all_of(candidates.begin(), candidates.end(), [&](const Array* one) {
          return one->size == best->size;
        });
    if (!is_each) {
      std::swap(*std::find(candidates.begin(), candidates.end(), best), candidates.front());
    }
    for (const auto* one : candidates) {
      auto signal = plain_signal(*one, scope);
      const int sure = find_axis(signal, scope);
      out.axis = is_each || out.signals.empty() ? std::max(out.axis, sure) : out.axis;
      if (is_each || out.signals.empty()) {
        out.signals.push_back(std::move(signal));
      } else if (one->count() >= best->count() && one != out.signals.front().axis) {
        out.signals.front().others.append(out.signals.front().others.empty() ? "" : ", ");
        out.signals.front().others.append(joined(scope.path, one->name));
      }
    }
    return out;
  }

  // Matrices; among cells, or vectors alone, one that rises or falls is an axis.
  [[nodiscard]] std::vector<const Array*> candidates_of(const Scope& scope) const {
    std::vector<const Array*> out;
    for (const auto& member : scope.members) {
      if (is_matrix(member) && !is_axis_name(member.name)) {
        out.push_back(&member);
      }
    }
    const auto is_no_axis = [this](const Array* one) {
      return !is_vector(*one) || !is_monotonic(*one);
    };
    const bool is_any_of_them =
        scope.is_cell ||
        std::all_of(out.begin(), out.end(), [](const Array* one) { return is_vector(*one); });
    if (is_any_of_them && std::any_of(out.begin(), out.end(), is_no_axis)) {
      std::erase_if(out, [&](const Array* one) { return !is_no_axis(one); });
    }
    return out;
  }

  static Found plain_signal(const Array& array, const Scope& scope) {
    Found out;
    out.path = joined(scope.path, array.name);
    out.values = &array;
    out.spectral = array.size.size() == 2 ? 1 : 2;
    if (is_vector(array)) {
      out.spectral = array.size[0] == 1 ? 1 : 0;
    }
    return out;
  }

  // A vector as long as one of the dimensions, strictly rising or falling; a fitting name wins,
  // what stands beside the matrix before what stands further out.
  int find_axis(Found& signal, const Scope& scope) const {
    for (const auto* where = &scope; where != nullptr; where = where->above) {
      const int sure = find_axis_in(signal, where->members);
      if (sure > 0) {
        return sure;
      }
    }
    return 0;
  }

  int find_axis_in(Found& signal, const std::vector<Array>& members) const {
    int sure = 0;
    for (const auto& member : members) {
      const auto& size = signal.values->size;
      const bool fits = &member != signal.values && is_vector(member) &&
                        std::find(size.begin(), size.end(), member.count()) != size.end();
      if (!fits || !is_monotonic(member)) {
        continue;
      }
      const int own = is_axis_name(member.name) ? 2 : 1;
      for (std::size_t d = size.size(); d-- > 0;) {
        if (size[d] != member.count() || d > 2 || own <= sure) {
          continue;
        }
        signal.axis = &member;
        signal.axis_label = member.name;
        signal.spectral = d;
        sure = own;
      }
    }
    return sure;
  }

  [[nodiscard]] bool is_monotonic(const Array& array) const {
    const auto values = numbers_(array);
    if (values.size() < 2) {
      return false;
    }
    const bool is_rising = values[1] > values[0];
    for (std::size_t i = 1; i < values.size(); ++i) {
      if (values[i] == values[i - 1] || (values[i] > values[i - 1]) != is_rising) {
        return false;
      }
    }
    return true;
  }

  const Numbers& numbers_;
  std::vector<PlainSignals> found_;
  std::vector<Found> signals_;
};

}  // namespace

std::vector<Found> find_signals(const std::vector<Array>& variables, const Numbers& numbers) {
  return MatlabRules(numbers).run(variables);
}

std::string content_of(const Array& array) {
  std::string out;
  for (const auto n : array.size) {
    out += (out.empty() ? "" : " x ") + std::to_string(n);
  }
  return out + " numbers";
}

Diagnostic no_axis(const Found& found) {
  return {Severity::warning,
          "axis_missing",
          "no vector of the file fits " + found.path + " as its axis; the points are counted",
          -1};
}

Diagnostic others_left(const Found& found) {
  return {Severity::warning,
          "several_datasets",
          found.path + " is read; left out, though not smaller: " + found.others,
          -1};
}

}  // namespace calcispec::io::matlab
