#include "io/nexus.hpp"

#include "io/nexus_writer_private.hpp"

namespace calcispec::io {

void write_nexus(const std::string& path, std::span<const Recording> recordings) {
  detail::NexusWriter(path).run(recordings);
}

}  // namespace calcispec::io
