extension Limits {
  /// What is out of its range, each with the value, the range and the setting; empty when all is well.
  ///
  /// A worker refuses to start with any: an engine with such limits would stand still, or trap in the middle of a
  /// transaction.
  public var faults: [String] {
    [
      Self.fault("recentCommandIDsMax", recentCommandIDsMax, 0...Self.recentCommandIDsLimit),
      Self.fault("forgetAfter", forgetAfter, .zero...Self.forgetAfterMax),
      // Below: not even a checkpoint or a rejection's headers fit. Above: librdkafka takes no larger record.
      Self.fault("recordBytesMax", recordBytesMax, 1024...16 << 20),
      // A quarter of what a producer holds: a command may make several records.
      Self.fault("transactionCommandsMax", transactionCommandsMax, 1...50_000),
      // Offsets in the output are of 32 bits, and one command may go above the limit.
      Self.fault("transactionBytesMax", transactionBytesMax, 1...1 << 30),
      Self.fault("transactionAgeMax", transactionAgeMax, .zero ... .seconds(60)),
      // A lane pauses at it: with none it would never take a command.
      Self.fault("undrainedBytesMax", undrainedBytesMax, 1...1 << 40),
      // A restart after a crash reads that much again.
      Self.fault("undrainedAgeMax", undrainedAgeMax, .zero ... .seconds(3600)),
    ].compactMap { $0 }
  }

  private static func fault<Value: Comparable>(
    _ name: String, _ value: Value, _ range: ClosedRange<Value>
  ) -> String? {
    guard !range.contains(value) else { return nil }
    return "Expected limits.\(name) to be \(range.lowerBound) to \(range.upperBound), but it is \(value)."
  }
}
