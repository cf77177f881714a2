/// The command that an outcome names: `<commands topic>/<partition>/<offset>`, and for events `/<index>`.
struct OutcomePlace {
  let offset: Int64
  /// Nil when there is none.
  let index: Int64?

  /// Nil when the text is not such a position of the topic and the partition.
  init?(_ text: UnsafeRawBufferPointer, topic: String, partition: Int32) {
    var topic = topic
    let prefix = topic.withUTF8 { name in
      text.count > name.count && text.prefix(name.count).elementsEqual(name)
        && text[name.count] == UInt8(ascii: "/") ? name.count + 1 : nil
    }
    guard let prefix else { return nil }
    let parts = text[prefix...].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let numbers = parts.map { UnsafeRawBufferPointer(rebasing: $0).decimal }
    guard numbers.count == 2 || numbers.count == 3, let found = numbers[0], found == Int64(partition),
      let offset = numbers[1]
    else { return nil }
    self.offset = offset
    index = numbers.count == 3 ? numbers[2] : nil
    if numbers.count == 3, index == nil { return nil }
  }
}

extension PartitionAudit {
  /// The command of an event; nil when its `ce_id` is missing or names another topic or partition.
  func place(ofEvent record: AuditRecord) -> OutcomePlace? {
    place(OutcomeHeaders(ofEvent: record.headers).value("ce_id"))
  }

  /// The command of a rejection; nil when its own `command-position` is missing or names another topic or partition.
  func place(ofRejection record: AuditRecord) -> OutcomePlace? {
    place(OutcomeHeaders(ofRejection: record.headers)?.value("command-position"))
  }

  private func place(_ text: UnsafeRawBufferPointer?) -> OutcomePlace? {
    text.flatMap { OutcomePlace($0, topic: topics.commands, partition: partition) }
  }
}
