extension PartitionProcessor {
  /// Moves the position over offsets at which no command stands or ever will: control records of transactions (see
  /// ``IdleInput``). It is sealed like one that a command has led to.
  ///
  /// - Parameters:
  ///   - position: what is committed, as it was when they were read.
  ///   - end: the first offset behind them.
  /// - Returns: whether it was moved; not when commands came meanwhile.
  @inlinable
  public mutating func pass(from position: Int64, to end: Int64) -> Bool {
    guard !isSealed, !hasOpenCommands, nextPosition == position, end > position else { return false }
    nextPosition = end
    return true
  }
}
