/// Which decider decided which commands of a partition, as its checkpoints say.
struct AuditStretches {
  struct Stretch: Equatable {
    /// Behind its last command.
    var end: Int64
    /// As the checkpoint's header `decider` has it; nil when the checkpoint says nothing, or there is none.
    let decider: String?
    /// Whether all checkpoints up to here were there to be read: else other deciders may have had a part in it, whose
    /// checkpoints compaction has removed.
    let isCertain: Bool
  }

  private(set) var all: [Stretch] = []

  /// A checkpoint was read that stands for the commands below `position`.
  mutating func add(position: Int64, decider: String?, isCertain: Bool) {
    // The position may have been moved back by an operator's order.
    while let last = all.last, last.end > position { all.removeLast() }
    if let last = all.last, last.decider == decider, isCertain, last.isCertain {
      all[all.count - 1].end = position
    } else {
      all.append(Stretch(end: position, decider: decider, isCertain: isCertain))
    }
  }

  /// The stretch that a command belongs to.
  func stretch(of offset: Int64) -> Stretch {
    var (low, high) = (0, all.count)
    while low < high {
      let middle = (low + high) / 2
      if all[middle].end > offset { high = middle } else { low = middle + 1 }
    }
    return low < all.count ? all[low] : Stretch(end: .max, decider: nil, isCertain: false)
  }
}
