extension Duration {
  /// The milliseconds librdkafka's timeout parameters take: rounded up, never negative (which would mean
  /// "for ever"), at most `KafkaLimits.waitMilliseconds`.
  var kafkaMilliseconds: Int32 {
    guard self > .zero else { return 0 }
    let (seconds, attoseconds) = components
    guard seconds < KafkaLimits.waitMilliseconds / 1000 else { return Int32(KafkaLimits.waitMilliseconds) }
    let attosecondsPerMillisecond: Int64 = 1_000_000_000_000_000
    return Int32(seconds * 1000 + (attoseconds + attosecondsPerMillisecond - 1) / attosecondsPerMillisecond)
  }
}
