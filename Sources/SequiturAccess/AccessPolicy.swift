import SequiturHTTP

/// Somebody whose name was vouched for.
struct Identity: Sendable, Hashable {
  let subject: String
  var groups: Set<String> = []
  /// When the proof ends, in seconds since 1970; nil: it does not.
  var expires: Double?
}

/// One rule: who, and what they may do.
struct AccessRule: Sendable, Hashable {
  enum Who: Sendable, Hashable {
    case subject(String)
    case group(String)
    /// Everyone who is known.
    case everyone
  }

  enum Right: String, Sendable, Hashable, CaseIterable {
    case read, write, operate
  }

  let who: Who
  let rights: Set<Right>
  /// What the keys begin with; empty: any key.
  var keyPrefix: [UInt8] = []
  /// Nil: any.
  var commands: Set<String>?

  func applies(to identity: Identity) -> Bool {
    switch who {
    case .subject(let name): name == identity.subject
    case .group(let name): identity.groups.contains(name)
    case .everyone: true
    }
  }

  func allows(_ access: HTTPAccess) -> Bool {
    switch access {
    case .open, .known: true
    case .operate: rights.contains(.operate)
    case .read(let key): rights.contains(.read) && covers(key)
    case .write(let key, let command): rights.contains(.write) && covers(key) && covers(command)
    case .outcome(let key): !rights.isDisjoint(with: [.read, .write]) && covers(key)
    }
  }

  private func covers(_ key: [UInt8]?) -> Bool {
    guard let key else { return keyPrefix.isEmpty }
    return key.starts(with: keyPrefix)
  }

  private func covers(_ command: String?) -> Bool {
    guard let commands else { return true }
    return command.map { commands.contains($0) } ?? false
  }
}

/// All rules. What no rule allows is not allowed.
struct AccessPolicy: Sendable {
  let rules: [AccessRule]

  /// What this one may do.
  func caller(_ identity: Identity) -> HTTPCaller {
    let own = rules.filter { $0.applies(to: identity) }
    return HTTPCaller(subject: identity.subject, expires: identity.expires) { access in
      own.contains { $0.allows(access) }
    }
  }
}
