extension KafkaConfiguration {
  /// librdkafka's default mechanism is Kerberos, and what it says of a password then is a riddle (`Invalid
  /// sasl.kerberos.kinit.cmd value`).
  /// - Throws: `invalidArgument` when a name or password is given, and no mechanism that takes them.
  func checkSecurity() throws(KafkaError) {
    func value(_ name: String) -> String? {
      properties.last { KafkaProperties.canonicalName($0.name) == name }?.value
    }
    let usesSASL = value("security.protocol")?.lowercased().hasPrefix("sasl") ?? false
    guard usesSASL, value("sasl.mechanisms") == nil else { return }
    for name in ["sasl.password", "sasl.username"] where value(name) != nil {
      throw KafkaError(
        code: .invalidArgument, operation: "set the property \"\(name)\"",
        detail:
          "sasl.mechanism is not set, and its default, GSSAPI (Kerberos), takes neither name nor password; "
          + "set it to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, as the broker's user was made")
    }
  }
}
