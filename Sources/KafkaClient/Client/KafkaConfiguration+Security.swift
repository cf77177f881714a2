extension KafkaConfiguration {
  /// librdkafka's default mechanism is Kerberos, and what it says of a password then is a riddle (`Invalid
  /// sasl.kerberos.kinit.cmd value`).
  /// Of OAUTHBEARER without a token it says nothing, and the client waits for ever.
  /// - Throws: `invalidArgument` when a name or password is given, and no mechanism that takes them; or when a mechanism
  ///   has nothing to show.
  func checkSecurity() throws(KafkaError) {
    func value(_ name: String) -> String? {
      properties.last { KafkaProperties.canonicalName($0.name) == name }?.value
    }
    let usesSASL = value("security.protocol")?.lowercased().hasPrefix("sasl") ?? false
    if usesSASL, value("sasl.mechanisms") == "OAUTHBEARER", value("sasl.oauthbearer.method") != "oidc",
      value("enable.sasl.oauthbearer.unsecure.jwt") != "true"
    {
      let name =
        properties.last { KafkaProperties.canonicalName($0.name) == "sasl.mechanisms" }?.name
        ?? "sasl.mechanism"
      throw .refusedProperty(
        name,
        "OAUTHBEARER has no token: set sasl.oauthbearer.method=oidc and its sasl.oauthbearer.… properties")
    }
    guard usesSASL, value("sasl.mechanisms") == nil else { return }
    for name in ["sasl.password", "sasl.username"] where value(name) != nil {
      throw .refusedProperty(
        name,
        "sasl.mechanism is not set, and its default, GSSAPI (Kerberos), takes neither name nor password; "
          + "set it to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, as the broker's user was made")
    }
  }
}
