import Testing

@testable import KafkaClient

struct DurationTests {
  @Test(
    arguments: [
      (Duration.zero, 0), (.nanoseconds(1), 1), (.seconds(15), 15_000_000_000),
      (.milliseconds(-2), -2_000_000),
      (.seconds(Int64.max), .max), (.seconds(9_223_372_036), 9_223_372_036_000_000_000),
      (.seconds(9_223_372_037), .max), (.seconds(-9_223_372_037), .min),
    ] as [(Duration, Int64)])
  func `nanoseconds are exact up to what 64 bits hold`(duration: Duration, nanoseconds: Int64) {
    #expect(duration.nanoseconds == nanoseconds)
  }

  @Test(
    arguments: [
      (Duration.zero, 0), (.microseconds(1), 1), (.milliseconds(1), 1), (.microseconds(1001), 2),
      (.seconds(-1), 0), (.seconds(Int64.max), 2_000_000_000),
    ] as [(Duration, Int32)])
  func `a wait is rounded up, and never without end`(duration: Duration, milliseconds: Int32) {
    #expect(duration.kafkaMilliseconds == milliseconds)
  }

  @Test func `milliseconds and seconds are taken as they are`() {
    #expect(Duration.milliseconds(1500).milliseconds == 1500)
    #expect(Duration.microseconds(1999).milliseconds == 1)
    #expect(Duration.milliseconds(1500).seconds == 1.5)
  }
}
