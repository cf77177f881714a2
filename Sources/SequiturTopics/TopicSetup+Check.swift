import KafkaClient

extension TopicSetup {
  /// Everything that is wrong with the topics as they are. Blocks.
  func inspect(_ admin: KafkaAdmin) throws(KafkaError) -> TopicReport {
    let metadata = try admin.metadata(timeout: startupTimeout)
    let found = found(metadata)
    var report = TopicReport(faults: [])
    report.faults += topics.sameNameFaults()
    report.faults += topics.all.filter { found[$0] == nil }.map { name in
      let error = metadata.topics.first { $0.name == name }?.error
      return error.map { $0 == .unknownTopicOrPartition ? .missing(name) : .unusable(name, $0) }
        ?? .missing(name)
    }
    report.faults += partitionFaults(found)
    report.faults += replicationFaults(found)
    report.faults += try ownerFaults(found)
    if report.errors.isEmpty {
      report.partitions = found[topics.commands]?.partitions.count
    }
    let named = topics.all.filter { found[$0] != nil }
    // Without a controller nobody answers, as on the embedded broker: each call would wait in vain.
    let controller = admin.controllerID(timeout: Self.controllerTimeout)
    guard metadata.brokers.contains(where: { $0.id == controller }) else {
      let error = KafkaError(
        code: .unsupportedFeature, operation: "describe topics", detail: "the cluster has no controller")
      report.faults += named.map { .notDescribed($0, error) }
      return report
    }
    for name in named { report.add(configurationOf: name, admin, self) }
    return report
  }

  /// How long the cluster may take to name its controller.
  private static let controllerTimeout = Duration.seconds(1)

  /// Records of other applications on the output topics.
  private func ownerFaults(_ found: [String: ClusterMetadata.Topic]) throws(KafkaError) -> [TopicFault] {
    let owner = OutputOwner(
      reader: OriginReader(applicationID: applicationID, commandsTopic: topics.commands), topics: topics,
      kafka: kafka, call: callTimeout, logger: logger)
    let usable = found.filter { $1.partitions.allSatisfy { $0.leader >= 0 } }
    return try owner.look(at: usable.mapValues(\.partitions.count)).flatMap { finding in
      var faults: [TopicFault] = []
      if let foreign = finding.foreign {
        let severity: TopicFault.Severity = acceptsForeignRecords ? .warning : .error
        faults.append(.foreign(finding, foreign.place, foreign.says, of: self, severity))
      } else if let stray = finding.stray {
        faults.append(.stray(finding, stray.place, stray.says))
      }
      if let error = finding.unread { faults.append(.unread(finding.topic, error)) }
      return faults
    }
  }

  private func partitionFaults(_ found: [String: ClusterMetadata.Topic]) -> [TopicFault] {
    guard Set(found.values.map(\.partitions.count)).count > 1 else { return [] }
    let counts = topics.all.compactMap { name in found[name].map { (name, $0.partitions.count) } }
    return [.partitionCounts(counts)]
  }

  private func replicationFaults(_ found: [String: ClusterMetadata.Topic]) -> [TopicFault] {
    topics.all.compactMap { name in
      guard let partitions = found[name]?.partitions else { return nil }
      let withoutLeader = partitions.filter { $0.leader < 0 }.map(\.id)
      if !withoutLeader.isEmpty { return .withoutLeader(name, withoutLeader) }
      let factors = Set(partitions.map(\.replicas.count))
      return factors.count > 1 ? .unevenReplication(name, factors.sorted()) : nil
    }
  }
}

extension TopicReport {
  /// Reads a topic's properties; a broker that cannot tell them costs a note, not the start.
  fileprivate mutating func add(configurationOf name: String, _ admin: KafkaAdmin, _ setup: TopicSetup) {
    let properties: [String: String]
    do throws(KafkaError) {
      properties = try admin.describeTopicConfiguration(name, timeout: setup.callTimeout)
    } catch {
      faults.append(.notDescribed(name, error))
      return
    }
    let policy = properties["cleanup.policy"]
    let retention = properties["retention.ms"].flatMap { Int($0) }
    switch name {
    case setup.topics.changelog:
      if policy != "compact" { faults.append(.notCompacted(name, policy)) }
      if let retention = properties["delete.retention.ms"].flatMap({ Int64($0) }),
        retention <= setup.forgetAfter.milliseconds, setup.forgetAfter > .zero
      {
        faults.append(.shortDeleteRetention(name, milliseconds: retention, setup.forgetAfter))
      }
    case setup.topics.valid:
      if let policy, policy.contains("compact") { faults.append(.compacted(name, policy)) }
      if let retention, retention >= 0 { faults.append(.validRetention(name, milliseconds: retention)) }
    case setup.topics.invalid:
      if let policy, policy.contains("compact") { faults.append(.compacted(name, policy)) }
      if let retention, (0..<(24 * 3600 * 1000)).contains(retention) {
        faults.append(.shortRetention(name, milliseconds: retention))
      }
    default:
      if let policy, policy.contains("compact") { faults.append(.compacted(name, policy)) }
    }
    if properties["message.timestamp.type"] == "LogAppendTime" {
      if name == setup.topics.commands { faults.append(.commandsAppendTime(name)) }
      if name == setup.topics.valid { faults.append(.eventsAppendTime(name)) }
    }
    let bytes = properties["max.message.bytes"].flatMap { Int($0) }
    if name != setup.topics.commands, let bytes {
      limits.told = min(limits.told ?? bytes, bytes)
    }
  }
}
