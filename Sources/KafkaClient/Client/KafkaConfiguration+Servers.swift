extension KafkaConfiguration {
  /// What librdkafka makes of a server it cannot read is only a line of its log, and a client without brokers. So the
  /// servers are looked at before.
  /// - Throws: `invalidArgument` naming the server, and why it is none.
  func checkServers() throws(KafkaError) {
    for property in properties where KafkaProperties.canonicalName(property.name) == "metadata.broker.list" {
      let servers = property.value.split(separator: ",").map { $0.filter { $0 != " " } }.filter {
        !$0.isEmpty
      }
      var fault = servers.isEmpty ? "it names no server" : nil
      for server in servers where fault == nil {
        fault = serverFault(server).map { "the server `\(server.prefix(200))` \($0)" }
      }
      guard let fault else { continue }
      throw .refusedProperty(property.name, fault)
    }
  }

  /// What is wrong with one server; nil when nothing is.
  private func serverFault(_ server: String) -> String? {
    var rest = server[...]
    if let scheme = server.range(of: "://") {
      let found = server[..<scheme.lowerBound].lowercased()
      let needed = (self["security.protocol"] ?? "plaintext").lowercased()
      guard Self.protocols.contains(found) else {
        return "begins with `\(found)://`: Kafka has no such scheme; write host:port"
      }
      guard found == needed else {
        return "begins with `\(found)://`, but security.protocol is \(needed); write host:port"
      }
      rest = server[scheme.upperBound...]
    }
    if rest.contains("/") { return "has a path; write host:port" }
    guard let colon = rest.lastIndex(of: ":") else { return nil }
    // More than one colon without a bracket before the last is an IPv6 address without a port.
    guard rest.firstIndex(of: ":") == colon || rest[..<colon].last == "]" else { return nil }
    let port = rest[rest.index(after: colon)...]
    guard let number = UInt16(port), number > 0, !port.hasPrefix("+") else {
      return "has the port `\(port)`, which is no number from 1 to 65535"
    }
    return nil
  }

  private static let protocols = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]
}

extension String {
  /// Where `other` stands first.
  fileprivate func range(of other: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
      start = index(after: start)
    }
    return nil
  }
}
