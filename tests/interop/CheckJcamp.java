// What `convert --to jcamp` wrote, as JSpecView reads it, against the CSV of the same spectra:
//   java -cp /usr/share/java/Jmol.jar tests/interop/CheckJcamp.java spectra.jdx spectra.csv
// Needs libjmol-java and a JDK.
import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import jspecview.common.Coordinate;
import jspecview.common.JSViewer;
import jspecview.common.Spectrum;
import jspecview.source.JDXReader;
import jspecview.source.JDXSource;

public class CheckJcamp {
  public static void main(String[] files) throws Exception {
    JSViewer.isSwingJS = false;
    JDXSource source =
        JDXReader.createJDXSource(
            null, new FileInputStream(files[0]), files[0], false, true, -1, -1, 0f);
    // Rows from the least x upward: the axis, then a column per spectrum.
    List<double[]> rows =
        Files.readAllLines(Path.of(files[1])).stream()
            .skip(1)
            .map(line -> Arrays.stream(line.split(",")).mapToDouble(Double::parseDouble).toArray())
            .sorted((a, b) -> Double.compare(a[0], b[0]))
            .toList();
    int columns = rows.get(0).length - 1;
    if (!source.getErrorLog().isEmpty() || source.getSpectra().size() != columns) {
      throw new Exception(source.getSpectra().size() + " spectra; " + source.getErrorLog());
    }
    double worst = 0;
    for (int k = 0; k < columns; ++k) {
      Spectrum spectrum = source.getSpectra().get(k);
      Coordinate[] points = spectrum.getXYCoords().clone();
      Arrays.sort(points, (a, b) -> Double.compare(a.getXVal(), b.getXVal()));
      if (points.length != rows.size()) {
        throw new Exception(points.length + " points, not " + rows.size());
      }
      double largest = 0;
      double difference = 0;
      for (int i = 0; i < points.length; ++i) {
        double y = rows.get(i)[k + 1];
        largest = Math.max(largest, Math.abs(y));
        difference = Math.max(difference, Math.abs(points[i].getYVal() - y));
        worst = Math.max(worst, Math.abs(points[i].getXVal() - rows.get(i)[0]) / rows.get(i)[0]);
      }
      worst = Math.max(worst, difference / largest);
    }
    System.out.println(
        files[0] + ": " + columns + " spectra of " + rows.size() + " points, within " + worst);
    if (!(worst < 1e-8)) {
      throw new Exception("not the numbers that were written");
    }
  }
}
