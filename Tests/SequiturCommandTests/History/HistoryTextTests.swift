import Testing

@testable import sequitur

extension SequiturCommandTests {
  struct HistoryTextTests {
    @Test(
      arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_767_225_600_001, "2026-01-01T00:00:00.001Z"), (-1, "(no time)"),
        (-2, "1969-12-31T23:59:59.998Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (253_402_300_800_000, "253402300800000 ms since 1970"), (.max, "9223372036854775807 ms since 1970"),
        (.min, "-9223372036854775808 ms since 1970"),
      ] as [(Int64, String)])
    func `a time is shown as one that it is`(milliseconds: Int64, text: String) {
      #expect(HistoryText.time(milliseconds) == text)
    }

    @Test func `digits of a key are digits, each alone`() {
      #expect(HexText.bytes("00fF7a") == [0, 255, 122])
      #expect(HexText.bytes("") == [])
      for text in ["0", "+1", "-1", "0x", " 1", "1 ", "é", "\u{FF11}\u{FF11}", "1\u{301}1", "gg"] {
        #expect(HexText.bytes(text) == nil, "\(text)")
      }
    }
  }
}
