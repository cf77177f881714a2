/// Whose turn it is among a lane's partitions.
///
/// Each gets its turn before any gets a second one, and a turn is bounded: so a partition with a long backlog holds the
/// others up for at most one turn a round, however fast it is filled.
struct PartitionRotation<Member> {
  private(set) var members: [Member] = []
  private var upcoming = 0
  private var hasFound = false
  private var hasBacklog = false
  /// Whether more could be taken without waiting, as far as is known: members have not had their turn in this round,
  /// or had more than fits in one.
  private(set) var mayHaveMore = false
  /// Whether nothing was found since the last round began that is over.
  private(set) var isIdle = true

  private var isRoundOver: Bool { upcoming >= members.count }

  /// The member whose turn it is, and the turn passes on; nil at the end of a round, and the next one begins.
  mutating func next() -> Member? {
    guard isRoundOver else {
      defer { upcoming += 1 }
      return members[upcoming]
    }
    mayHaveMore = hasBacklog
    isIdle = !hasFound
    (upcoming, hasFound, hasBacklog) = (0, false, false)
    return nil
  }

  /// The member whose turn it is had something; `isFull`: as much as fits in a turn, so that it may have more.
  mutating func found(isFull: Bool) {
    (hasFound, isIdle) = (true, false)
    hasBacklog = hasBacklog || isFull
    mayHaveMore = !isRoundOver || hasBacklog
  }

  /// A member comes: its turn is after those that wait in this round.
  mutating func insert(_ member: Member) { members.append(member) }

  /// A member leaves; the others' order stays.
  mutating func remove(at index: Int) {
    members.remove(at: index)
    if index < upcoming { upcoming -= 1 }
  }

  mutating func removeAll() { self = Self() }

  mutating func update(_ body: (inout Member) -> Void) {
    for index in members.indices { body(&members[index]) }
  }
}
