import RulesModel

extension PartitionAudit {
  /// Takes an event into its object, and checks key, version and headers.
  ///
  /// - Parameter command: nil when it is not read, since retention has deleted it or the event is astray.
  func take(_ event: AuditRecord, of command: AuditRecord?) {
    audit.report.events += 1
    let headers = OutcomeHeaders(ofEvent: event.headers)
    let type = headers.text("ce_type") ?? ""
    audit.report.eventTypes[type, default: 0] += 1
    if let command, !event.key.isEqual(to: command.key) {
      add(
        .key, topics.valid, event.offset,
        "Expected the key of command \(command.offset), \(command.key?.shown ?? "null"), but found "
          + (event.key?.shown ?? "null"))
    }
    checkEnvelope(of: event, headers, command)
    guard let key = event.key, !key.isEmpty else {
      return add(.key, topics.valid, event.offset, "Expected an event to have a key, but it has none")
    }
    let index = index(of: AuditKey(key))
    checkVersion(of: event, headers, &table[index])
    let version = headers.value("ce_sequence")?.decimal ?? table[index].version + 1
    table[index].append(version: version, type: audit.digests.index(of: type))
    let place = place(ofEvent: event)
    let stretch = stretches.stretch(of: place?.offset ?? 0)
    let faults = audit.rules?.apply(
      event, type: type, index: place?.index, command: command, version: version, in: stretch,
      to: &table[index])
    for fault in faults ?? [] {
      add(.rules, topics.valid, event.offset, "Of \(key.shown): \(fault)")
    }
  }

  func index(of key: AuditKey) -> Int {
    if let index = objects[key] { return index }
    objects[key] = table.count
    var object = AuditedObject(key: key)
    // Events before the first one that is left may have made it.
    object.isUnclear = validStart > 0
    table.append(object)
    return table.count - 1
  }

  private func checkVersion(
    of event: AuditRecord, _ headers: OutcomeHeaders, _ object: inout AuditedObject
  ) {
    guard let version = headers.value("ce_sequence")?.decimal, version > 0 else {
      return add(
        .version, topics.valid, event.offset,
        "Expected the header ce_sequence to be a version, but found \(headers.value("ce_sequence")?.shown ?? "none")"
      )
    }
    if version == object.version + 1 { return }
    // Earlier events were deleted: the first one that is left may have any version.
    if validStart > 0, object.types.isEmpty, object.others.isEmpty { return }
    if version == 1, object.version > 0, audit.rules == nil || object.isUnclear {
      object.restart = event.offset
      return
    }
    add(
      .version, topics.valid, event.offset,
      "Expected version \(object.version + 1) of \(object.key.shown), but found \(version)")
  }

  private func checkEnvelope(of event: AuditRecord, _ headers: OutcomeHeaders, _ command: AuditRecord?) {
    var wrong: [String] = []
    if headers.text("ce_type")?.isEmpty ?? true { wrong.append("ce_type is missing") }
    wrong += headers.nameFaults(allowed: OutcomeHeaders.namesOfEvents)
    // `envelope: compact` keeps three headers only, and carries nothing.
    if headers.value("ce_specversion") != nil || headers.value("ce_source") != nil {
      wrong += cloudEventFaults(of: event, headers, command)
    } else {
      if event.headers.count > 3 {
        wrong.append(
          "Expected ce_specversion and ce_source, or three headers only, found \(event.headers.count)")
      }
      wrong += times(of: event, headers).recordFaults(command: command?.timestamp)
    }
    for fault in wrong { add(.envelope, topics.valid, event.offset, "Of an event: \(fault)") }
  }

  private func cloudEventFaults(
    of event: AuditRecord, _ headers: OutcomeHeaders, _ command: AuditRecord?
  ) -> [String] {
    var wrong: [String] = []
    func expect(_ name: StaticString, _ expected: String?) {
      let found = headers.value(name)
      let isEqual = expected.map { found?.elementsEqual($0.utf8) ?? false } ?? (found == nil)
      if !isEqual { wrong.append("Expected \(name)=\(expected ?? "none"), found \(found?.shown ?? "none")") }
    }
    expect("ce_specversion", "1.0")
    expect("ce_source", "/" + audit.configuration.applicationID)
    expect("ce_subject", event.key.flatMap { String(validating: $0, as: UTF8.self) })
    wrong += times(of: event, headers).faults(command: command?.timestamp)
    if let type = headers.value("content-type"), Self.isStructured(type) {
      wrong.append(
        "Expected the content type of its payload, found \(type.shown): readers would take the payload for the event"
      )
    }
    guard let command else { return wrong }
    let id = command.text("ce_id").flatMap { $0.isEmpty ? nil : $0 }
    // An id that is not UTF-8 is carried as bytes: only its presence is checked.
    if id == nil, command.header("ce_id")?.isEmpty == false {
      if headers.value("ce_causationid") == nil { wrong.append("ce_causationid is missing") }
    } else {
      expect("ce_causationid", id ?? "\(topics.commands)/\(partition)/\(command.offset)")
    }
    // A command's other headers, such as `traceparent`, go with its events.
    let carried = command.headers.filter { !OutcomeHeaders.isOfEvent($0) }
    if !carried.isEqual(to: headers.carried) {
      wrong.append("Expected its command's other headers unchanged, but they differ")
    }
    return wrong
  }

  private func times(of event: AuditRecord, _ headers: OutcomeHeaders) -> EventTimes {
    EventTimes(
      recorded: event.timestamp, isAppendTime: event.isAppendTime, told: headers.value("ce_time"))
  }

  /// Whether readers take a record of this content type for a CloudEvent in structured mode (CloudEvents' Kafka
  /// protocol binding 1.0, section 3).
  private static func isStructured(_ type: UnsafeRawBufferPointer) -> Bool {
    String(decoding: type.prefix(100), as: UTF8.self).drop { $0 == " " || $0 == "\t" }.lowercased()
      .hasPrefix("application/cloudevents")
  }
}
