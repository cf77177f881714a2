import Foundation

/// The name of this host, and who on it uses that as its instance id.
enum HostName {
  /// As the kernel has it: in a container the pod's name.
  static var current: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Takes the name for this process until its end; false when another process of this user on this host has it.
  ///
  /// Two members of one name would take the membership from each other for ever. The lock is a file (flock(2)), which
  /// the kernel gives back with the process.
  static func claim(_ id: String, for applicationID: String) -> Bool {
    // Where nothing can be written, as on a read-only file system, a host has one worker.
    guard let directory = runDirectory() else { return true }
    return claim(id, for: applicationID, in: directory)
  }

  /// The same in a directory that only this user may write to: elsewhere somebody could make the file, or a link of its
  /// name, before.
  static func claim(_ id: String, for applicationID: String, in directory: String) -> Bool {
    let name = "\(applicationID)-\(id)".map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" }
    let path = directory + "/sequitur-\(String(name)).lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { return false }
    if isFile(descriptor), flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
    close(descriptor)
    return false
  }

  /// Where this user's processes keep such files: the session's directory, root's, or one of our own in the temporary
  /// one; nil where there is none.
  static func runDirectory(
    _ environment: [String: String] = ProcessInfo.processInfo.environment, root: String = "/run"
  ) -> String? {
    var candidates: [String] = []
    if let session = environment["XDG_RUNTIME_DIR"], session.hasPrefix("/") { candidates.append(session) }
    candidates.append(root)
    if let found = candidates.first(where: isOurs) { return found }
    let own = FileManager.default.temporaryDirectory.appending(path: "sequitur-\(geteuid())").path
    mkdir(own, 0o700)
    return isOurs(own) ? own : nil
  }

  /// Whether it is a directory of this user, and nobody else may write to it.
  private static func isOurs(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
      && status.st_mode & 0o022 == 0 && access(path, W_OK) == 0
  }

  private static func isFile(_ descriptor: Int32) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }
}
