import Testing

@testable import TerminalView

/// Numbers and bars of live views.
struct FiguresTests {
  @Test(arguments: [
    (Duration.zero, "0.0 s"), (.milliseconds(49), "0.0 s"), (.milliseconds(50), "0.1 s"),
    (.milliseconds(59_999), "60.0 s"), (.seconds(12_345), "12,345.0 s"),
  ])
  func `seconds have one digit behind the point`(duration: Duration, text: String) {
    #expect(Figures.seconds(duration) == text)
  }

  @Test func `milliseconds have one digit behind the point`() {
    #expect(Figures.milliseconds(.microseconds(4_149)) == "4.1 ms")
    #expect(Figures.milliseconds(.seconds(2)) == "2,000.0 ms")
  }

  @Test(arguments: [
    (0, 10, ""), (0.001, 10, "━"), (0.5, 10, "━━━━━"), (1, 10, "━━━━━━━━━━"), (7, 3, "━━━"), (-1, 3, ""),
    (1, 0, ""),
  ])
  func `a bar stays within its columns, and shows that something is there`(
    fraction: Double, columns: Int, text: String
  ) {
    #expect(Figures.solid(fraction, columns: columns) == text)
  }

  @Test(arguments: [-1, 0, 0.001, 0.5, 0.999, 1, 7], [0, 1, 10])
  func `a bar with its rest fills its columns`(fraction: Double, columns: Int) {
    let line = Figures.bar(fraction, columns: columns)
    #expect(line.width == columns)
    // What is not done is never shown as done.
    if fraction < 1, columns > 0 { #expect(line.plain.last == "─") }
  }

  @Test func `a sparkline has the newest values, the highest full`() {
    #expect(Figures.sparkline([9, 1, 2, 4, 8], columns: 4) == "▂▃▅█")
    #expect(Figures.sparkline([0, 8], columns: 4) == "▁█")
    #expect(Figures.sparkline([0, 0], columns: 4) == "")
    #expect(Figures.sparkline([], columns: 4) == "")
    #expect(Figures.sparkline([1, 2], columns: 0) == "")
  }

  @Test func `a text at the right is never cut`() {
    #expect(Figures.right("ab", 4) == "  ab")
    #expect(Figures.right("abcde", 4) == "abcde")
  }
}
