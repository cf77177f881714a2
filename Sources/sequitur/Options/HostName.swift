import Foundation

/// The name of this host, and who on it uses that as its instance id.
enum HostName {
  /// As the kernel has it: in a container the pod's name.
  static var current: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Takes the name for this process until its end; false when another process of this host has it.
  ///
  /// Two members of one name would take the membership from each other for ever. The lock is a file in the temporary
  /// directory (flock(2)), which the kernel gives back with the process.
  static func claim(_ id: String, for applicationID: String) -> Bool {
    let name = "\(applicationID)-\(id)".map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" }
    let path = FileManager.default.temporaryDirectory.appending(path: "sequitur-\(String(name)).lock").path
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    // Where nothing can be written, as on a read-only file system, a host has one worker.
    guard descriptor >= 0 else { return errno != EACCES }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
    close(descriptor)
    return false
  }
}
