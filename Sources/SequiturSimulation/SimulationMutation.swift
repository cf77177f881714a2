/// Deliberate faults of the protocol, switched on in the simulated ports. The simulator must catch each one.
package enum SimulationMutation: String, CaseIterable, Sendable {
  /// The restore ends at the last stable offset instead of the high watermark.
  case lastStableOffsetAsTarget
  /// Committed offsets are read while a transaction holds newer ones.
  case noRequireStable
  /// The changelog's end is asked before the group's position.
  case boundsBeforeGroupPosition
  /// A group that is ahead of the changelog's checkpoint is believed though its position was aborted.
  case abortedPositionBelieved
  /// The restore reads uncommitted records too.
  case restoreReadsUncommitted
  /// The restore waits for the last record instead of the consumer's position.
  case restoreWaitsForLastRecord
  /// Offsets are sent with the membership of the worker's first generation.
  case staleGroupMetadata
  /// Offsets are sent with a generation below 0: the coordinator checks nothing.
  case groupIDOnly
  /// The coordinator does not check member and generation.
  case generationNotChecked
  /// Offsets are sent although the transaction was given up in a rebalance.
  case abandonIgnored
  case offsetsNotSent
  /// Offsets are sent while records are still on their way.
  case offsetsSentBeforeRecords
  /// A transaction goes on when the first part of its records is in its topics.
  case restNotProduced
  /// States are written to the store when they are sealed.
  case drainBeforeCommit
  /// The position is flushed apart from the states it stands for.
  case positionInAnotherBatch
  /// A store that was found damaged is served with what is left of it.
  case damagedStoreServed
  /// A drain stands for the end of the changelog instead of the last checkpoint.
  case drainStandsForLogEnd
  /// A restore begins while drains of its partition are on their way.
  case restoreDoesNotWaitForDrains
  case missingCheckpoint
  case commandIDsNotRestored
  /// A restore takes a grave for nothing.
  case gravesNotRestored
  /// An object is forgotten with its command ids.
  case gravesNotKept
  /// A store goes on with whatever changelog is long enough.
  case incarnationNotCompared
  case versionNotRestored
  /// A checkpoint behind the store's that names an earlier command is taken for one of the same changelog.
  case earlierCheckpointBelieved
  /// A commands topic that ends below the position is believed.
  case inputEndNotCompared
  /// The position is not compared with the commands topic's start.
  case inputStartNotCompared
  /// Whatever command stands where the last one stood is taken for it.
  case lastCommandNotCompared
  /// That lost commands were accepted is not written into the checkpoints.
  case orderNotWritten
  /// Nobody looks at the commands of a partition that is served.
  case inputNotWatched
  /// The position stays in front of the control records that end an idle topic.
  case controlRecordsNotPassed
  /// Whatever stands behind an idle position is taken for control records.
  case commandsTakenForControlRecords
  /// The states of a discarded transaction stay.
  case overlayKeptAfterAbort
  /// The next transaction's outcomes are produced into the one under way.
  case nextProducedBeforeCommit
  case sentAgainWithoutAbort
  /// An unknown outcome counts as committed, or as not committed.
  case unknownIsCommitted, unknownIsNotCommitted
  /// A revoke returns before the transaction under way has ended, and without giving it up.
  case revokeDoesNotWait
  /// The consumer goes on fetching where it was after a discard.
  case noSeekAfterDiscard
  /// A transaction handed to the committer after a revoke's budget was spent goes on when the revoke returns.
  case lateTransactionNotAbandoned
  /// A transaction goes on while its partitions are restored because their store was opened anew.
  case storeReopenedWithoutAbandon
  /// Partitions that were kept while the membership was interrupted are served on.
  case keptAfterInterruption
  /// Offsets are sent under a new membership before what was kept is given up.
  case confirmedBeforeGivenUp
  /// A lost partition stays attached to its lane.
  case lostPartitionKept
  /// A view writes its position before what leads to it.
  case followedPositionBeforeApply
  /// A view shows records before their transaction's checkpoint.
  case followedCutIgnored
  /// A newcomer asks where the events end when it has the states.
  case followedEndAskedLate
  /// A newcomer takes the checkpoint's command for one that the states cover.
  case followedCheckpointOffByOne
  /// A newcomer takes events that its states cover.
  case followedCoveredEventsApplied

  /// Whether offsets are sent while records are still on their way. Waiting for the records alone makes up for
  /// most of what the faults named here do, so that these are seen only without it.
  var sendsOffsetsFirst: Bool {
    switch self {
    case .offsetsSentBeforeRecords, .noRequireStable, .boundsBeforeGroupPosition, .groupIDOnly,
      .generationNotChecked, .lateTransactionNotAbandoned:
      true
    default: false
    }
  }

  /// Whether it shows only where members keep partitions that others had in between.
  var needsInterruption: Bool { self == .keptAfterInterruption || self == .confirmedBeforeGivenUp }

  /// Whether it shows only where the changelog is replaced by another one.
  var needsReplacedChangelog: Bool { self == .incarnationNotCompared || self == .earlierCheckpointBelieved }

  /// Whether it shows only where checkpoints do not tell the last command, which tells more than the bounds.
  var needsOldCheckpoints: Bool { self == .inputEndNotCompared || self == .inputStartNotCompared }

  /// Whether it shows only where no operator has decided anything.
  var isSeenWhenRefused: Bool { needsOldCheckpoints || self == .lastCommandNotCompared }

  /// What must become of the commands for it to show.
  func inputDamage(_ random: inout SimulationRandom) -> InputDamage? {
    switch self {
    case .inputEndNotCompared: random.pick([.recreated, .truncated])
    case .inputStartNotCompared, .orderNotWritten: .overtaken
    case .lastCommandNotCompared: random.pick([.outgrown, .recreated])
    case .inputNotWatched: random.pick([.recreated, .truncated])
    default: nil
    }
  }

  /// Whether it shows only where commands are sent in transactions.
  var needsTransactionalCommands: Bool {
    self == .controlRecordsNotPassed || self == .commandsTakenForControlRecords
  }

  /// Whether it shows only where a coordinator completes offsets late.
  var needsLateCompletion: Bool { self == .offsetsSentBeforeRecords || self == .abortedPositionBelieved }
}
