extension WorkerConfiguration {
  /// The instance id of a host that is named like a StatefulSet's pod, `<name>-<number>`; nil for any other.
  ///
  /// Such a name is unique and lasting: a pod that comes back has it again. Any other host name may be neither.
  public static func defaultInstanceID(hostName: String) -> String? {
    let name = hostName.prefix { $0 != "." }
    guard let dash = name.lastIndex(of: "-"), dash != name.startIndex else { return nil }
    let number = name[name.index(after: dash)...]
    guard !number.isEmpty, number.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    // Deployments end in a hash, which may be all digits: a StatefulSet counts from 0.
    guard number.count <= 5, number == "0" || !number.hasPrefix("0") else { return nil }
    return String(name)
  }

  /// The timeouts with what librdkafka properties in ``kafka`` say of them: those go over everything.
  var effectiveTimeouts: WorkerTimeouts {
    func value(_ property: String, _ otherwise: Duration) -> Duration {
      kafka[property].flatMap { Int64($0) }.map { .milliseconds($0) } ?? otherwise
    }
    var timeouts = timeouts
    timeouts.session = value("session.timeout.ms", timeouts.session)
    timeouts.heartbeat = value("heartbeat.interval.ms", timeouts.heartbeat)
    timeouts.pollInterval = value("max.poll.interval.ms", timeouts.pollInterval)
    timeouts.transaction = value("transaction.timeout.ms", timeouts.transaction)
    return timeouts
  }
}
