import KafkaClient

/// What keeps a follower from going on, and what was told about it.
struct FollowWatch {
  /// An open transaction that keeps a partition's records back.
  private struct HeldBack {
    let offset: Int64
    let since: ContinuousClock.Instant
    var told: ContinuousClock.Instant?
  }

  /// What was reported last since something came.
  var lastError: KafkaError?
  private var lastLook = ContinuousClock.now
  private var told: [KafkaError.Code: ContinuousClock.Instant] = [:]
  private var heldBack: [Int32: HeldBack] = [:]

  /// Whether it is time to ask what is the matter; not again before a while.
  mutating func isDue(_ now: ContinuousClock.Instant) -> Bool {
    guard now - lastLook > FollowLimits.patience else { return false }
    lastLook = now
    return true
  }

  /// Whether an error is to be told: the same one is not, again and again.
  mutating func isNews(_ error: KafkaError) -> Bool {
    let now = ContinuousClock.now
    if let last = told[error.code], now - last < FollowLimits.warningInterval { return false }
    told[error.code] = now
    return true
  }

  /// The partition's ends were asked: an open transaction at this offset keeps records back, or with nil none does.
  ///
  /// - Returns: for how long it does so, when that is to be told now.
  mutating func heldBack(
    _ partition: Int32, at offset: Int64?, _ now: ContinuousClock.Instant
  ) -> Duration? {
    guard let offset else {
      heldBack[partition] = nil
      return nil
    }
    var entry = heldBack[partition] ?? HeldBack(offset: offset, since: now)
    if entry.offset != offset { entry = HeldBack(offset: offset, since: now) }
    defer { heldBack[partition] = entry }
    let wait = entry.told == nil ? FollowLimits.transactionPatience : FollowLimits.warningInterval
    guard now - (entry.told ?? entry.since) > wait else { return nil }
    entry.told = now
    return now - entry.since
  }
}
