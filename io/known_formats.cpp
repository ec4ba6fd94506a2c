#include "io/known_formats.hpp"

#include "io/byte_source.hpp"
#include "io/text_file.hpp"

#include <algorithm>

namespace calcispec::io {
namespace {

struct KnownFormat {
  std::string_view magic;
  std::string_view extension;  // a hint for the sentence; with a magic both must hold
  std::string_view sentence;
};

constexpr std::string_view known_ole_magic("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);

constexpr std::string_view zip_magic("PK\x03\x04", 4);

constexpr std::string_view labspec =
    "is a Horiba LabSpec file whose inside is not published; in LabSpec save it as text (*.txt) or "
    "SPC";
constexpr std::string_view witec =
    "is a WITec project; in WITec Project export the data as table, SPC or text";
constexpr std::string_view jasco =
    "is a JASCO file, which is not read; in Spectra Manager export it as JCAMP-DX or text";
constexpr std::string_view shimadzu =
    "is a Shimadzu file, not a Galactic SPC; in its program export it as JCAMP-DX or text";
constexpr std::string_view ole =
    "is an OLE compound file (Shimadzu, JASCO, Agilent headers and office files are), which holds "
    "no spectrum that can be read; export it as JCAMP-DX, SPC or text";
constexpr std::string_view office = "is an office file; save its table as CSV or text";
constexpr std::string_view other_spc =
    "is no Galactic SPC in spite of its name (Shimadzu and Bruker EPR use the same ending); in its "
    "program export it as JCAMP-DX or text";

// The first row that fits speaks.
constexpr KnownFormat known_formats[] = {
    {"LabSpec6",      "",     labspec  },
    {"WIT_PR",        "",     witec    },
    {"WIT^",          "",     witec    },
    {known_ole_magic, "jws",  jasco    },
    {known_ole_magic, "spc",  shimadzu },
    {known_ole_magic, "",     ole      },
    {zip_magic,       "",     office   },
    {"",              "ispd", shimadzu },
    {"",              "spc",  other_spc},
    {"",              "l6s",  labspec  },
    {"",              "l6m",  labspec  },
    {"",              "ngc",  labspec  },
    {"",              "wip",  witec    },
    {"",              "jws",  jasco    },
};

}  // namespace

std::string how_to_export(const FileView& file) {
  const auto dot = file.path.find_last_of('.');
  const auto extension =
      dot == std::string_view::npos ? std::string() : lower_case(file.path.substr(dot + 1));
  for (const auto& known : known_formats) {
    if (starts_with(file, known.magic) &&
        (known.extension.empty() || known.extension == extension)) {
      return std::string(known.sentence);
    }
  }
  return {};
}

}  // namespace calcispec::io
