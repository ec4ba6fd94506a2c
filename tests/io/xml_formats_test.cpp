// XML of Horiba and TriVista, and the reader of XML below them.
#include "core/error.hpp"
#include "io/file.hpp"
#include "io/xml_reader.hpp"
#include "tests/io/damage_answered.hpp"

#include <gtest/gtest.h>

namespace calcispec::io {
namespace {

LoadedFile read_xml_formats(const std::string& bytes) {
  return load_bytes({bytes, "made.xml"}, {});
}

std::string axis(int number, const std::string& unit, const std::string& values) {
  return "<LSX ID=\"0x" + std::to_string(number) +
         "\" Size=\"5\"><LSX Format=\"6\" ID=\"0x7D6CD4DB\" Size=\"3\">\n\t" + values +
         " \n</LSX><LSX ID=\"0x6D707974\">axis</LSX><LSX ID=\"0x7C696E75\">" + unit +
         "</LSX></LSX>";
}

std::string horiba(const std::string& axes, const std::vector<std::string>& rows) {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LSX_Data>\n<LSX_Tree ID=\"0x69746164\">"
      "<LSX ID=\"0x6C7469D9\">a &amp; b</LSX><LSX ID=\"0x7A74D9D6\"><LSX ID=\"0x7B697861\">"
      "<LSX ID=\"0x0\"><LSX ID=\"0x7C696E75\">Cnt/sec</LSX></LSX>" +
      axes +
      "</LSX></LSX><LSX ID=\"0x6C62D4D9\"><LSX ID=\"0x8716361\"><LSX ID=\"0x6D7361DE\">"
      "<LSX ID=\"0x6D6D616E\">Laser (nm)</LSX><LSX ID=\"0x7D6C61DB\">633 </LSX>"
      "<LSX ID=\"0x8736F70\">632.817</LSX></LSX></LSX></LSX></LSX_Tree><LSX_Matrix>";
  for (const auto& row : rows) {
    out += "<LSX_Row Format=\"6\" Index=\"0\" Size=\"3\">\n" + row + " \n</LSX_Row>";
  }
  return out + "</LSX_Matrix></LSX_Data>\n";
}

TEST(HoribaXml, SpectrumWithLaserAndTitle) {
  const auto file = read_xml_formats(horiba(axis(1, "1/cm", "300.5 200 100"), {"1 2 3.25"}));
  EXPECT_EQ(file.format, "horiba_xml");
  const auto& recording = file.recordings.at(0);
  EXPECT_EQ(recording.spectra.axis->kind(), AxisKind::raman_shift);
  EXPECT_EQ(recording.spectra.axis->back(), 300.5);
  EXPECT_EQ(recording.spectra.row(0)[0], 3.25);
  EXPECT_EQ(recording.laser_nm, 632.817);
  EXPECT_EQ(recording.metadata.at("title"), "a & b");
}

TEST(HoribaXml, MapsRunAlongXFirst) {
  const auto file = read_xml_formats(horiba(
      axis(1, "nm", "700 701 702") + axis(2, "\xC2\xB5m", "0 2 4") + axis(3, "\xC2\xB5m", "10 15"),
      {"1 1 1", "2 2 2", "3 3 3", "4 4 4", "5 5 5", "6 6 6"}));
  const auto& recording = file.recordings.at(0);
  EXPECT_EQ(recording.map->nx, 3);
  EXPECT_EQ(recording.map->ny, 2);
  EXPECT_EQ(recording.map->step_y_um, 5);
  EXPECT_EQ(recording.spectra.row(4)[0], 5);
  EXPECT_EQ(recording.stored_axis->unit, "nm");  // turned into shifts by the laser
}

TEST(HoribaXml, MinutesAreNoLengthAndMillimetresAreThousandMicrometres) {
  const auto map = [](const std::string& unit) {
    return read_xml_formats(horiba(axis(1, "1/cm", "100 200 300") + axis(2, unit, "0 0.5 1"),
                                   {"1 1 1", "2 2 2", "3 3 3"}))
        .recordings.at(0);
  };
  const auto series = map("min");
  EXPECT_FALSE(series.map.has_value());
  EXPECT_NE(series.names.at(1).find("0.5"), std::string::npos);
  EXPECT_EQ(map("mm").map->step_x_um, 500);
}

TEST(HoribaXml, AbsoluteWavenumbersAreNoRamanShift) {
  const auto file = read_xml_formats(horiba(axis(1, "abs. cm-1", "13000 13100 13200"), {"1 2 3"}));
  EXPECT_EQ(file.diagnostics.at(0).code, "absolute_wavenumber");
  EXPECT_FALSE(file.recordings.at(0).spectra.axis->is_in_cm1());
}

TEST(HoribaXml, DamageIsAnswered) {
  expect_damage_answered(horiba(axis(1, "1/cm", "300.5 200 100"), {"1 2 3", "4 5 6"}), 3000);
}

std::string trivista(const std::string& unit, const std::string& laser, const std::string& frames) {
  return "<!--TriVista-File. -->\n<XmlMain Version=\"1.0.1\"><Hardware/><Documents Count=\"1\">"
         "<Document Label=\"d\" InfoSerialized=\"&lt;?xml version=&quot;1.0&quot;?&gt;&lt;Info&gt;"
         "&lt;Groups&gt;&lt;Group&gt;&lt;Name&gt;X-Axis&lt;/Name&gt;&lt;Items&gt;&lt;Item&gt;"
         "&lt;Name&gt;Points&lt;/Name&gt;&lt;Value&gt;2&lt;/Value&gt;&lt;/Item&gt;&lt;/Items&gt;"
         "&lt;/Group&gt;&lt;/Groups&gt;&lt;/Info&gt;\"><xDim Length=\"4\"><Calibration Unit=\"" +
         unit + "\" LaserWave=\"" + laser + "\" ValueArray=\"4|800|801.5|803|804\"/></xDim><Data>" +
         frames + "</Data></Document></Documents></XmlMain>";
}

TEST(TriVista, FramesAxisAndSettings) {
  const auto file = read_xml_formats(trivista("Nanometer",
                                              "785.000",
                                              "<Frame xDim=\"4\" yDim=\"1\">1;2;3;4.5</Frame>"
                                              "<Frame xDim=\"4\" yDim=\"1\">-5;6;7;8</Frame>"));
  EXPECT_EQ(file.format, "trivista_xml");
  const auto& recording = file.recordings.at(0);
  ASSERT_EQ(recording.spectra.rows(), 2);
  EXPECT_EQ(recording.spectra.row(0)[3], 4.5);
  EXPECT_EQ(recording.spectra.row(1)[0], -5);
  EXPECT_EQ(recording.map->nx, 2);
  EXPECT_EQ(recording.laser_nm, 785);
  EXPECT_EQ(recording.stored_axis->last, 804);
}

TEST(TriVista, WrongCountsAreRefused) {
  EXPECT_THROW(read_xml_formats(trivista("Nanometer", "0", "<Frame xDim=\"4\">1;2;3</Frame>")),
               Error);
  EXPECT_THROW(read_xml_formats(trivista("Nanometer", "0", "<Frame xDim=\"4\">1;2;x;4</Frame>")),
               Error);
}

TEST(TriVista, DamageIsAnswered) {
  expect_damage_answered(trivista("Nanometer", "785", "<Frame xDim=\"4\">1;2;3;4</Frame>"), 3000);
}

TEST(XmlReader, PiecesComeInOrder) {
  XmlReader xml("<?xml?><a x='1' y = \"&lt;2&#x41;&#956;\"><!-- <b> --><b/>t<![CDATA[<&]]></a>",
                "f");
  EXPECT_EQ(xml.next(), XmlReader::Piece::start);
  EXPECT_EQ(xml.attribute("x"), "1");
  EXPECT_EQ(xml.attribute("y"), "<2A\xCE\xBC");
  EXPECT_FALSE(xml.attribute("z").has_value());
  EXPECT_EQ(xml.next(), XmlReader::Piece::start);
  EXPECT_EQ(xml.name(), "b");
  EXPECT_EQ(xml.depth(), 2U);
  EXPECT_EQ(xml.next(), XmlReader::Piece::end);
  EXPECT_EQ(xml.next(), XmlReader::Piece::text);
  EXPECT_EQ(xml.text(), "t");
  EXPECT_EQ(xml.next(), XmlReader::Piece::text);
  EXPECT_EQ(xml.text(), "<&");
  EXPECT_EQ(xml.next(), XmlReader::Piece::end);
  EXPECT_EQ(xml.next(), XmlReader::Piece::done);
}

TEST(XmlReader, EntitiesThatExpandAreRefused) {
  XmlReader xml("<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\">]><a>&b;</a>", "f");
  EXPECT_THROW(xml.next(), Error);
  const std::string openings(1000, '<');  // the reader keeps no copy
  XmlReader deep(openings, "f");
  EXPECT_THROW(deep.next(), Error);
}

}  // namespace
}  // namespace calcispec::io
