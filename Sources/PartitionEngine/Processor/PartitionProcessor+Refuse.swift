import Sequitur

extension PartitionProcessor {
  /// Rejects a command without asking the decider anything: its code has ended the process before.
  ///
  /// - Throws: `StoreFault` when the store cannot tell the object's version. Nothing was written.
  public mutating func refuse(
    _ record: borrowing CommandRecord, _ rejection: Rejection, into output: inout OutputBatch
  ) throws(StoreFault) -> Outcome {
    guard record.position.offset >= nextPosition else { return .skipped }
    let version = record.unsafeKey.isEmpty ? 0 : try currentVersion(of: record.unsafeKey)
    nextPosition = record.position.offset + 1
    output.appendRejection(
      Refusal(rejection, objectVersion: version), of: record, identity: identity,
      recordBytesMax: limits.recordBytesMax)
    return .rejected(rejection.code)
  }
}
