import Testing

@testable import SequiturAudit

/// The times of events, as the audit judges them.
struct EventTimesTests {
  private func milliseconds(_ text: String) -> Int64? {
    Array(text.utf8).withUnsafeBytes { RFC3339Time.milliseconds($0) }
  }

  private func faults(_ told: String?, recorded: Int64, append: Bool = false, command: Int64?) -> Int {
    guard let told else {
      return EventTimes(recorded: recorded, isAppendTime: append, told: nil).faults(command: command).count
    }
    return Array(told.utf8).withUnsafeBytes {
      EventTimes(recorded: recorded, isAppendTime: append, told: $0).faults(command: command).count
    }
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00.000Z", 0), ("1969-12-31T23:59:59.999Z", -1),
    ("2026-11-23T13:05:00.000Z", 1_795_439_100_000), ("2000-02-29T23:59:59.999Z", 951_868_799_999),
    ("0000-01-01T00:00:00.000Z", -62_167_219_200_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ("1900-03-01T00:00:00.000Z", -2_203_891_200_000),
  ])
  func `a time is read to the millisecond`(text: String, expected: Int64) {
    #expect(milliseconds(text) == expected)
  }

  @Test(arguments: [
    "", "2026-11-23", "2026-11-23T13:05:00Z", "2026-11-23T13:05:00.000+00:00", "2026-11-23 13:05:00.000Z",
    "2026-13-01T00:00:00.000Z", "2026-02-29T00:00:00.000Z", "1900-02-29T00:00:00.000Z",
    "2026-04-31T00:00:00.000Z",
    "2026-01-01T24:00:00.000Z", "2026-01-01T00:60:00.000Z", "2026-01-01T00:00:60.000Z", "never",
  ])
  func `other texts are no times`(text: String) { #expect(milliseconds(text) == nil) }

  @Test func `an event has its command's time, in the record and in its header`() {
    let (text, time) = ("2026-11-23T13:05:00.000Z", Int64(1_795_439_100_000))
    #expect(faults(text, recorded: time, command: time) == 0)
    #expect(faults(text, recorded: time, command: time + 1) == 2)
    #expect(faults(text, recorded: time + 1, command: time) == 1)
    #expect(faults("x", recorded: time, command: time) == 1)
    #expect(faults(nil, recorded: time, command: time) == 1)
    #expect(faults("9999-12-31T23:59:59.999Z", recorded: .max, command: .max) == 0)
  }

  @Test func `a command without a timestamp has events without a time`() {
    let (text, time) = ("2026-11-23T13:05:00.000Z", Int64(1_795_439_100_000))
    #expect(faults(nil, recorded: time, command: -1) == 0)
    #expect(faults(nil, recorded: time, command: nil) == 0, "the command is gone")
    #expect(faults(text, recorded: time, command: -1) == 1)
    #expect(faults(nil, recorded: time, command: -2) == 1, "another time before 1970 is one")
    // As earlier versions wrote it.
    #expect(faults("1969-12-31T23:59:59.999Z", recorded: -1, command: -1) == 0)
  }

  @Test func `where the broker sets the record's time only the header counts`() {
    let (text, time) = ("2026-11-23T13:05:00.000Z", Int64(1_795_439_100_000))
    #expect(faults(text, recorded: 5, append: true, command: time) == 0)
    #expect(faults(text, recorded: 5, append: true, command: time + 1) == 1)
    #expect(faults(text, recorded: 5, append: true, command: nil) == 0)
  }

  @Test func `without the command the two agree, and the time 0 became the time of writing`() {
    let (text, time) = ("2026-11-23T13:05:00.000Z", Int64(1_795_439_100_000))
    #expect(faults(text, recorded: time, command: nil) == 0)
    #expect(faults(text, recorded: time + 1, command: nil) == 1)
    #expect(faults("1970-01-01T00:00:00.000Z", recorded: time, command: 0) == 0)
    #expect(faults("1970-01-01T00:00:00.000Z", recorded: time, command: nil) == 0)
  }
}
