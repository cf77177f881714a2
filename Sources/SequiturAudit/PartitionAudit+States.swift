import ReadableText

extension PartitionAudit {
  /// Compares the changelog's last states with what the events say.
  func compareStates() {
    var unknown = 0
    for object in table where !object.types.isEmpty || !object.others.isEmpty {
      compare(object, states[object.key], &unknown)
    }
    for (key, state) in states.sorted(by: { $0.value.offset < $1.value.offset }) where objects[key] == nil {
      if validStart > 0 { continue }
      add(
        .state, topics.changelog, state.offset,
        "Found a state of \(key.shown) at version \(state.version), but no event of it")
    }
    guard unknown > 0 else { return }
    audit.report.notes.append(
      "\(topics.changelog)/\(partition): \(unknown.grouped) objects have events but neither state nor tombstone. They "
        + "were forgotten so long ago that the tombstone was compacted away, or lost: --rules can tell.")
  }

  private func compare(_ object: AuditedObject, _ state: AuditedState?, _ unknown: inout Int) {
    let name = object.key.shown
    if let restart = object.restart, !tombstones.contains(object.key), state?.version != object.version {
      add(
        .version, topics.valid, restart,
        "Versions of \(name) begin again at 1, but the changelog shows no sign that it was forgotten")
    }
    guard let state else {
      if let grave = graves[object.key], grave.version != object.lastVersion {
        add(
          .state, topics.changelog, grave.offset,
          "Expected the tombstone of \(name) to name version \(object.lastVersion) by its events, but it says "
            + "\(grave.version)")
      }
      return compareAbsent(object, &unknown)
    }
    if state.version != object.version, !(audit.rules != nil && object.status == nil) {
      add(
        .state, topics.changelog, state.offset,
        "Expected version \(object.version) of \(name) by its events, but the changelog says \(state.version)"
      )
    }
    if let difference = audit.rules?.difference(object, state) {
      add(.state, topics.changelog, state.offset, "Of \(name): \(difference)")
    }
  }

  private func compareAbsent(_ object: AuditedObject, _ unknown: inout Int) {
    let name = object.key.shown
    if audit.rules != nil {
      guard object.status != nil, !object.isUnclear else { return }
    } else if tombstones.contains(object.key) {
      return
    } else if mayBeCompacted {
      unknown += 1
      return
    }
    add(
      .state, topics.changelog, nil,
      "Expected a state of \(name) at version \(object.version) by its events, but the changelog has none")
  }
}
