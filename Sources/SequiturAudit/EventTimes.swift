/// The times of an event, and what they must be by its command's.
struct EventTimes {
  /// Of the event's record.
  let recorded: Int64
  /// Whether that was set by the broker (`message.timestamp.type=LogAppendTime`), so that it says nothing.
  let isAppendTime: Bool
  /// The value of `ce_time`.
  let told: UnsafeRawBufferPointer?

  /// What is wrong, as sentences.
  ///
  /// - Parameter command: the command's own timestamp; nil when retention has deleted it.
  func faults(command: Int64?) -> [String] {
    guard let told else {
      // Of a command without a time; when the command is gone nobody knows.
      let isRight = command == nil || command == Self.none
      return isRight ? [] : ["ce_time is missing"]
    }
    guard let time = RFC3339Time.milliseconds(told) else {
      return ["Expected ce_time to be RFC 3339 in UTC with milliseconds, found \(told.shown)"]
    }
    var faults: [String] = []
    if let command, time != Self.tellable(command) {
      faults.append("Expected ce_time to be its command's timestamp \(command), found \(told.shown)")
    }
    faults += recordFaults(command: command)
    // Without the command the two times of the event must agree with each other.
    if command == nil, !isAppendTime, time != Self.tellable(recorded), time != 0 {
      faults.append("Expected ce_time to be the record's timestamp \(recorded), found \(told.shown)")
    }
    return faults
  }

  /// The same for an event without `ce_time`: of the record alone.
  func recordFaults(command: Int64?) -> [String] {
    // A client takes the timestamp 0 for "now": such a command's events have the time of their writing, as have those of
    // a command without any.
    guard let command, !isAppendTime, command != 0, command != Self.none, recorded != command else {
      return []
    }
    return ["Expected its command's timestamp \(command), found \(recorded)"]
  }

  /// What Kafka tells of a record without a timestamp.
  private static let none: Int64 = -1

  /// As far as four digits of a year go.
  private static func tellable(_ time: Int64) -> Int64 {
    min(max(time, RFC3339Time.range.lowerBound), RFC3339Time.range.upperBound)
  }
}
