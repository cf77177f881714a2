import LifecycleRules

extension PartitionAudit {
  /// Takes an event into its object, and checks key, version and headers.
  ///
  /// - Parameter command: nil when it is not read, since retention has deleted it or the event is astray.
  func take(_ event: AuditRecord, of command: AuditRecord?) {
    audit.report.events += 1
    let type = event.text("ce_type") ?? ""
    audit.report.eventTypes[type, default: 0] += 1
    if let command, !event.key.isEqual(to: command.key) {
      add(
        .key, topics.valid, event.offset,
        "Expected the key of command \(command.offset), \(command.key?.shown ?? "null"), but found "
          + (event.key?.shown ?? "null"))
    }
    checkEnvelope(of: event, command)
    guard let key = event.key, !key.isEmpty else {
      return add(.key, topics.valid, event.offset, "Expected an event to have a key, but it has none")
    }
    let index = index(of: AuditKey(key))
    checkVersion(of: event, &table[index])
    let version = event.header("ce_sequence")?.decimal ?? table[index].version + 1
    table[index].append(version: version, type: audit.digests.index(of: type))
    for fault in audit.rules?.apply(event, type: type, command: command, to: &table[index]) ?? [] {
      add(.rules, topics.valid, event.offset, "Of \(key.shown): \(fault)")
    }
  }

  func index(of key: AuditKey) -> Int {
    if let index = objects[key] { return index }
    objects[key] = table.count
    table.append(AuditedObject(key: key))
    return table.count - 1
  }

  private func checkVersion(of event: AuditRecord, _ object: inout AuditedObject) {
    guard let version = event.header("ce_sequence")?.decimal, version > 0 else {
      return add(
        .version, topics.valid, event.offset,
        "Expected the header ce_sequence to be a version, but found \(event.header("ce_sequence")?.shown ?? "none")"
      )
    }
    if version == object.version + 1 { return }
    // Earlier events were deleted: the first one that is left may have any version.
    if validStart > 0, object.types.isEmpty, object.others.isEmpty { return }
    if version == 1, object.version > 0, audit.rules == nil {
      object.restart = event.offset
      return
    }
    add(
      .version, topics.valid, event.offset,
      "Expected version \(object.version + 1) of \(object.key.shown), but found \(version)")
  }

  private func checkEnvelope(of event: AuditRecord, _ command: AuditRecord?) {
    var wrong: [String] = []
    if event.text("ce_type")?.isEmpty ?? true { wrong.append("ce_type is missing") }
    // `envelope: compact` keeps three headers only.
    if event.header("ce_specversion") != nil || event.header("ce_source") != nil {
      wrong += cloudEventFaults(of: event, command)
    }
    for fault in wrong { add(.envelope, topics.valid, event.offset, "Of an event: \(fault)") }
  }

  private func cloudEventFaults(of event: AuditRecord, _ command: AuditRecord?) -> [String] {
    var wrong: [String] = []
    func expect(_ name: StaticString, _ expected: String?) {
      let found = event.header(name)
      let isEqual = expected.map { found?.elementsEqual($0.utf8) ?? false } ?? (found == nil)
      if !isEqual { wrong.append("Expected \(name)=\(expected ?? "none"), found \(found?.shown ?? "none")") }
    }
    expect("ce_specversion", "1.0")
    expect("ce_source", "/" + audit.configuration.applicationID)
    expect("ce_subject", event.key.flatMap { String(validating: $0, as: UTF8.self) })
    if let time = event.header("ce_time"), !RFC3339Time.isValid(time) {
      wrong.append("Expected ce_time to be RFC 3339, found \(time.shown)")
    } else if event.header("ce_time") == nil {
      wrong.append("ce_time is missing")
    }
    guard let command else { return wrong }
    let id = command.text("ce_id").flatMap { $0.isEmpty ? nil : $0 }
    // An id that is not UTF-8 is carried as bytes: only its presence is checked.
    if id == nil, command.header("ce_id")?.isEmpty == false {
      if event.header("ce_causationid") == nil { wrong.append("ce_causationid is missing") }
    } else {
      expect("ce_causationid", id ?? "\(topics.commands)/\(partition)/\(command.offset)")
    }
    if event.timestamp != command.timestamp {
      wrong.append("Expected its command's timestamp \(command.timestamp), found \(event.timestamp)")
    }
    return wrong + carriedFaults(of: event, command)
  }

  /// A command's other headers, such as `traceparent`, go with its events.
  private func carriedFaults(of event: AuditRecord, _ command: AuditRecord) -> [String] {
    let carried = command.headers.filter { !Self.isOwn($0) }
    let found = event.headers.filter { !Self.isOwn($0) }
    let isEqual = carried.count == found.count && zip(carried, found).allSatisfy { $0.isEqual(to: $1) }
    return isEqual ? [] : ["Expected its command's other headers unchanged, but they differ"]
  }

  private static func isOwn(_ header: AuditHeader) -> Bool {
    ownNames.contains { header.isNamed($0) }
  }

  private static let ownNames: [StaticString] = [
    "ce_id", "ce_type", "ce_time", "ce_specversion", "ce_source", "ce_subject", "ce_sequence",
    "ce_causationid",
    "content-type", "expected-version",
  ]
}

/// Times like `2026-11-23T13:05:00.000Z`.
enum RFC3339Time {
  /// Whether the bytes are a time of RFC 3339, section 5.6; days are not checked against months.
  static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let pattern = "0000-00-00T00:00:00".utf8
    guard bytes.count > pattern.count else { return false }
    let isStart = zip(bytes, pattern).allSatisfy { byte, sample in
      sample == 48 ? byte >= 48 && byte <= 57 : byte == sample
    }
    guard isStart else { return false }
    var rest = bytes[pattern.count...]
    if rest.first == UInt8(ascii: ".") {
      let digits = rest.dropFirst().prefix { $0 >= 48 && $0 <= 57 }
      guard !digits.isEmpty else { return false }
      rest = rest.dropFirst(1 + digits.count)
    }
    if rest.elementsEqual("Z".utf8) { return true }
    guard rest.count == 6, rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") else {
      return false
    }
    return zip(rest.dropFirst(), "00:00".utf8).allSatisfy { byte, sample in
      sample == 48 ? byte >= 48 && byte <= 57 : byte == sample
    }
  }
}
