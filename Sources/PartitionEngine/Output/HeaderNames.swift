import Sequitur

/// The names of the headers that Sequitur writes, and the values that are always the same, at fixed places
/// of a batch's arena: a header then costs no copy of its name. Which headers an event has: `EventTemplate`.
@usableFromInline
struct HeaderNames: Sendable {
  @usableFromInline let specVersion: ByteRange
  @usableFromInline let id: ByteRange
  @usableFromInline let source: ByteRange
  @usableFromInline let type: ByteRange
  @usableFromInline let subject: ByteRange
  @usableFromInline let time: ByteRange
  @usableFromInline let sequence: ByteRange
  @usableFromInline let causationID: ByteRange
  @usableFromInline let contentType: ByteRange
  @usableFromInline let rejectionCode: ByteRange
  @usableFromInline let rejectionReason: ByteRange
  @usableFromInline let objectVersion: ByteRange
  @usableFromInline let commandPosition: ByteRange
  @usableFromInline let originalVersion: ByteRange
  @usableFromInline let payloadOmitted: ByteRange
  @usableFromInline let keyCut: ByteRange
  @usableFromInline let version: ByteRange
  @usableFromInline let commandIDs: ByteRange
  @usableFromInline let schemaVersion: ByteRange
  @usableFromInline let forgottenAt: ByteRange
  @usableFromInline let incarnation: ByteRange
  @usableFromInline let application: ByteRange
  @usableFromInline let commandsTopic: ByteRange
  @usableFromInline let commandTimestamp: ByteRange
  @usableFromInline let rejectionSource: ByteRange
  @usableFromInline let lastCommand: ByteRange
  @usableFromInline let positionMoves: ByteRange
  @usableFromInline let decider: ByteRange
  @usableFromInline let stateForms: ByteRange
  @usableFromInline let specVersionValue: ByteRange

  init(writingInto arena: inout ByteWriter) {
    func write(_ text: StaticString) -> ByteRange {
      let offset = arena.count
      arena.append(text)
      return ByteRange(offset: offset, count: text.utf8CodeUnitCount)
    }
    specVersion = write("ce_specversion")
    id = write("ce_id")
    source = write("ce_source")
    type = write("ce_type")
    subject = write("ce_subject")
    time = write("ce_time")
    sequence = write("ce_sequence")
    causationID = write("ce_causationid")
    contentType = write("content-type")
    rejectionCode = write("rejection-code")
    rejectionReason = write("rejection-reason")
    objectVersion = write("object-version")
    commandPosition = write("command-position")
    originalVersion = write("original-version")
    payloadOmitted = write("payload-omitted")
    keyCut = write("key-cut")
    version = write("v")
    commandIDs = write("ids")
    schemaVersion = write("s")
    forgottenAt = write("t")
    incarnation = write("incarnation")
    application = write("application")
    commandsTopic = write("commands-topic")
    commandTimestamp = write("command-timestamp")
    rejectionSource = write("rejection-source")
    lastCommand = write("last-command")
    positionMoves = write("position-moves")
    decider = write("decider")
    stateForms = write("state-forms")
    specVersionValue = write("1.0")
  }
}
