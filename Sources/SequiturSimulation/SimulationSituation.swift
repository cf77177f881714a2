/// The rare situations that a run must have reached: a simulator that never gets there proves nothing.
package enum SimulationSituation: Int, CaseIterable, Sendable {
  // Transactions.
  case fencedDuringCommit, unknownOutcomeHadCommitted, unknownOutcomeHadNotCommitted
  case transactionTimedOut, predecessorAborted, concurrentTransactions, abortedAndSentAgain
  case producedInParts
  case lateTransaction, undecidedEnded
  case crashWhileCommitting, abandonedWhileCommitting, transactionDiscarded, nextPreparedWhileCommitting
  // Offsets and restores.
  case offsetsOfZombieRefused, offsetsOfOldGenerationRefused, unstableOffsetsAwaited
  case abortedPositionSeen, markerLateOnChangelog, restoreCancelled, restoreOfTailOnly, restoreRetried,
    checkpointOutlivesOffsets
  // Membership.
  case memberEvicted, membershipInterrupted, partitionsLost, eagerRebalance, cooperativeRebalance,
    staticMemberReturned
  case zombieResumed, zombieOfReplacedMember, membershipRefused, partitionsWithoutOwner
  case leftWhileAttached, discardedWhileAttached, lateNewsOfDiscard
  // Disk.
  case drainFailed, storeReopened, crashBeforeFlush, restoreWaitedForDrain
  case restoreWriteFailed, storeBehind
  case flushedInPart, powerLost, flushLost, damagedStoreSetAside, identityLost
  // Changelog.
  case changelogCompacted, restoreOverGaps, truncatedChangelogRefused, recreatedChangelogRefused
  case replacedChangelogRebuilt, earlierCheckpointRebuilt
  // Commands topic.
  case lostCommandsRefused, lostCommandsAccepted, shorterInputRefused, otherInputRefused
  case inputCopied, processedCommandsDeleted
  case inputChangeNoticed, controlRecordsPassed
  // Brokers.
  case groupCoordinatorMoved, transactionCoordinatorMoved, requestOfCutOffWorker
  // Commands.
  case duplicateRejected, versionConflictRejected, objectForgotten, severalEvents
  case duplicateOfForgottenRejected, graveOver
  // Followers.
  case followerCrashed, followerAppliedPart
  case newcomerCrashed, newcomerBeganUnderWay, newcomerOverGaps, newcomerLeftEventsOut
}
