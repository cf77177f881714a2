extension Duration {
  /// Whole milliseconds, as librdkafka's properties take them.
  package var milliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / Self.attosecondsPerMillisecond
  }

  /// Whole nanoseconds, as semaphores and timers take them; at most what 64 bits hold, some 292 years.
  package var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflowed) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, isTooLarge) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    return overflowed || isTooLarge ? (self < .zero ? .min : .max) : sum
  }

  /// The duration as a number of seconds.
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }

  /// The milliseconds librdkafka's timeout parameters take: rounded up, never negative (which would mean
  /// "for ever"), at most `KafkaLimits.waitMilliseconds`.
  var kafkaMilliseconds: Int32 {
    guard self > .zero else { return 0 }
    let (seconds, attoseconds) = components
    guard seconds < KafkaLimits.waitMilliseconds / 1000 else { return Int32(KafkaLimits.waitMilliseconds) }
    let rounded = attoseconds + Self.attosecondsPerMillisecond - 1
    return Int32(seconds * 1000 + rounded / Self.attosecondsPerMillisecond)
  }

  private static let attosecondsPerMillisecond: Int64 = 1_000_000_000_000_000
}
