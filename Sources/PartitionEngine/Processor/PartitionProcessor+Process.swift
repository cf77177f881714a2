import Sequitur

/// What became of a command.
@frozen
public enum Outcome: Sendable, Hashable {
  /// Its events stand in the output batch.
  case accepted
  /// Its rejection stands in the output batch.
  case rejected(RejectionCode)
  /// It was processed before (its offset is below the position); nothing was written.
  case skipped
}

extension PartitionProcessor {
  /// Gives a command its one outcome, in `output`, and stages the object's new state.
  ///
  /// The order of the checks, of which the first that fails gives the code: key, decode, known type,
  /// duplicate, expected version; then the decider's own (a command that it rejected while decoding included).
  ///
  /// - Throws: `StoreFault` when the store cannot answer. Nothing was written or staged; the same command
  ///   can be processed again.
  @inlinable
  public mutating func process(
    _ record: borrowing CommandRecord, into output: inout OutputBatch
  ) throws(StoreFault) -> Outcome {
    guard record.position.offset >= nextPosition else { return .skipped }
    let mark = output.mark()
    let refusal = try judge(record, into: &output)
    nextPosition = record.position.offset &+ 1
    guard let refusal else { return .accepted }
    output.rollBack(to: mark)
    output.appendRejection(refusal, of: record, identity: identity, recordBytesMax: limits.recordBytesMax)
    return .rejected(refusal.rejection.code)
  }

  /// The checks in their order; `nil`: the command is valid, its events are encoded, its state is staged.
  @inlinable
  mutating func judge(
    _ record: borrowing CommandRecord, into output: inout OutputBatch
  ) throws(StoreFault) -> Refusal? {
    let key = record.unsafeKey
    guard 1...Limits.keyBytesMax ~= key.count else { return .invalidKey(byteCount: key.count) }
    let headers = CommandHeaders(record.unsafeHeaders)
    guard let expected = headers.expected else {
      return try Refusal.malformed(headers).at(version: currentVersion(of: key))
    }

    switch decider.decode(record) {
    case .command(let command):
      let hash = keyHash(key)
      let object = try lookUp(key, hash: hash)
      let id = headers.id.map { CommandIDHash($0) }
      if let refusal = check(object, id, expected),
        let standing = standing(refusal, object, expected, at: record.timestamp)
      {
        return standing
      }
      return decide(command, on: object, id: id, hash: hash, record, headers, into: &output)
    case .rejected(let rejection):
      return try refusal(rejection, of: key, headers, expected, at: record.timestamp)
    case .malformed(let reason):
      return try refusal(.malformed, reason, of: key)
    case .unknownCommand(let reason):
      return try refusal(.unknownCommand, reason, of: key)
    }
  }

  /// Of a command that the decider could not decode.
  @inlinable @inline(never)
  mutating func refusal(
    _ code: RejectionCode, _ reason: String, of key: UnsafeRawBufferPointer
  ) throws(StoreFault) -> Refusal {
    try Refusal(code, reason).at(version: currentVersion(of: key))
  }

  /// Of a command that the decider rejected while decoding: its own checks come last also then.
  @inlinable @inline(never)
  mutating func refusal(
    _ rejection: Rejection, of key: UnsafeRawBufferPointer, _ headers: CommandHeaders,
    _ expected: ExpectedVersion, at time: Int64
  ) throws(StoreFault) -> Refusal {
    let object = try lookUp(key, hash: keyHash(key))
    return check(object, headers.id.map { CommandIDHash($0) }, expected)
      .flatMap { standing($0, object, expected, at: time) }
      ?? Refusal(rejection, objectVersion: object?.version ?? 0)
  }

  /// The checks that need the object, but not its state.
  @inlinable @inline(always)
  func check(_ object: ObjectRecord?, _ id: CommandIDHash?, _ expected: ExpectedVersion) -> Refusal? {
    let version = object?.version ?? 0
    if let id, let made = ObjectRecord.version(madeBy: id, in: commandIDs.bytes) {
      return .duplicate(made: made, current: version)
    }
    guard expected.isMet(by: version) else { return .versionConflict(expected: expected, current: version) }
    return nil
  }
}
