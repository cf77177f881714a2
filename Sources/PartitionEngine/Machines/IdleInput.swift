/// When to look whether a position may pass what stands behind it and is no command, as a pure decision.
///
/// A transaction on the commands topic ends with a control record, which takes an offset and is never delivered. Behind
/// the last command of a topic that became idle the position stays below that offset. When retention takes it, a restore
/// could not tell it from a command that nobody had processed. So a position that has stood still from one look to the
/// next, with something behind it, asks what that is: when no record stands up to the end, none ever will, and the next
/// checkpoint names the end.
public struct IdleInput: Sendable {
  private var positions: [Int32: Int64] = [:]

  public init() {}

  /// Partitions are looked at from time to time.
  ///
  /// - Parameters:
  ///   - position: the next command offset to process: what is committed.
  ///   - end: the partition's high watermark.
  /// - Returns: whether to read what stands between the two.
  public mutating func isDue(_ partition: Int32, position: Int64, end: Int64) -> Bool {
    let before = positions.updateValue(position, forKey: partition)
    return before == position && position < end
  }

  /// The partition is served anew.
  public mutating func begin(_ partition: Int32) { positions[partition] = nil }
}
