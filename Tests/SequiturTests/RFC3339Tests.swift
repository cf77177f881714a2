import Sequitur
import Testing

/// The expected texts were made by Python's datetime, whose calendar is another implementation.
@Suite struct RFC3339Tests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"),
      (-1, "1969-12-31T23:59:59.999Z"),
      (951827445678, "2000-02-29T12:30:45.678Z"),
      (-2203891200001, "1900-02-28T23:59:59.999Z"),
      (-2203891200000, "1900-03-01T00:00:00.000Z"),
      (1709164800000, "2024-02-29T00:00:00.000Z"),
      (1677628800000, "2023-03-01T00:00:00.000Z"),
      (1795439100000, "2026-11-23T13:05:00.000Z"),
      (253402300799999, "9999-12-31T23:59:59.999Z"),
      (-62135596800000, "0001-01-01T00:00:00.000Z"),
      (4107542399000, "2100-02-28T23:59:59.000Z"),
      (4107542400000, "2100-03-01T00:00:00.000Z"),
      (-11670994676996, "1600-02-29T01:02:03.004Z"),
    ] as [(Int64, String)])
  func `known times`(milliseconds: Int64, text: String) {
    #expect(written { $0.append(rfc3339: milliseconds) } == text)
  }

  @Test func `years that RFC 3339 cannot write are clamped`() {
    #expect(written { $0.append(rfc3339: .max) } == "9999-12-31T23:59:59.999Z")
    #expect(written { $0.append(rfc3339: .min) } == "0000-01-01T00:00:00.000Z")
    #expect(written { $0.append(rfc3339: 253_402_300_800_000) } == "9999-12-31T23:59:59.999Z")
  }

  @Test func `each day of 800 years follows the one before`() {
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var (year, month, day) = (1600, 1, 1)
    var wrong = 0
    for number in -135_140..<(-135_140 + 800 * 365) {
      let text = written { $0.append(rfc3339: Int64(number) * 86_400_000) }.prefix(10)
      if text != "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)" { wrong += 1 }
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      day += 1
      if day > lengths[month - 1] + (month == 2 && isLeap ? 1 : 0) { (day, month) = (1, month + 1) }
      if month > 12 { (month, year) = (1, year + 1) }
    }
    #expect(wrong == 0)
  }
}
