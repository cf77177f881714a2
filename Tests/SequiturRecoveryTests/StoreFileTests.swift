import Foundation
import Logging
import RocksDB
import SequiturInspection
import Testing

@testable import SequiturWorker

/// The files of a state directory: who may read them, what may stand in their place, and what they may say. No broker.
@Suite(.serialized)
struct StoreFileTests {
  private let directory = try! TemporaryDirectory()
  private let log = LogRecorder()

  private var path: String { directory.path + "/deep/state" }

  private func open() throws -> StateDirectory {
    try StateDirectory(path: path, options: DatabaseOptions(), logger: log.logger)
  }

  private func mode(_ name: String = "") throws -> Int {
    var status = stat()
    try #require(lstat(path + name, &status) == 0, "\(name)")
    return Int(status.st_mode & 0o777)
  }

  private var header: StoreHeader {
    StoreHeader(
      applicationID: "bank", clusterID: nil, commandsTopic: "commands", changelogTopic: "changelog",
      partitions: 4,
      schemaVersion: 1)
  }

  // MARK: Who may read them

  @Test(arguments: [0o000, 0o022, 0o077, 0o277] as [mode_t])
  func `only this user may enter the directory, whatever the umask`(mask: mode_t) throws {
    let before = umask(mask)
    defer { umask(before) }
    let state = try open()
    defer { state.close() }
    _ = try state.instanceID()
    _ = try CrashGuard(directory: path, partitions: 4, logger: log.logger)
    #expect(try mode() == 0o700)
    #expect(try mode("/store") == 0o700)
    #expect(try mode("/instance-id") == 0o600 & ~Int(mask))
    #expect(try mode("/attempts") == 0o600 & ~Int(mask))
    #expect(!log.has("others may look"))
  }

  @Test(arguments: [0o755, 0o701, 0o720, 0o770, 0o777] as [mode_t])
  func `a directory that others may enter is told, and stays as it is`(wide: mode_t) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    chmod(path, wide)
    let state = try open()
    defer { state.close() }
    #expect(log.has("warning others may look into the state directory"), "\(log.lines)")
    #expect(log.has("chmod 700 \(path)") && log.has("0\(String(wide, radix: 8))"))
    #expect(try mode() == Int(wide))
    // What is made in it is not open to others.
    #expect(try mode("/store") == 0o700)
  }

  @Test func `a store that is set aside is followed by one that others may not enter`() throws {
    let state = try open()
    try state.replaceStore(because: "a test wants it so")
    #expect(try mode("/store") == 0o700)
    state.close()
  }

  // MARK: What may stand in their place

  enum Odd: String, CaseIterable {
    case pipe, device, link, directory

    func put(at path: String) {
      unlink(path)
      switch self {
      case .pipe: mkfifo(path, 0o600)
      case .device: symlink("/dev/zero", path)
      case .link: symlink("/etc/hostname", path)
      case .directory: mkdir(path, 0o700)
      }
    }
  }

  @Test(
    arguments: ["CURRENT", "IDENTITY", "LOCK", "000001.sst", "MANIFEST-000001"], [Odd.pipe, .device, .link])
  func `a store with a file that no worker made is set aside, and not waited for`(name: String, odd: Odd)
    throws
  {
    try open().close()
    odd.put(at: path + "/store/" + name)
    let fault = #expect(throws: StoreInspectionFault.self) { try StoreInspection(stateDirectory: path) }
    #expect(fault?.description.contains("\(name): it is a") == true, "\(String(describing: fault))")
    let state = try open()
    defer { state.close() }
    #expect(log.has("error the local store has a file that no worker made; it was set aside"), "\(log.lines)")
    #expect(log.has("\(name): it is a"))
    #expect(try state.adopt(header) == false)
  }

  @Test func `a CURRENT that is too long is not read`() throws {
    try open().close()
    truncate(path + "/store/CURRENT", 1 << 40)
    let start = ContinuousClock.now
    #expect(throws: StoreInspectionFault.self) { try StoreInspection(stateDirectory: path) }
    try open().close()
    #expect(ContinuousClock.now - start < .seconds(10))
    #expect(log.has("CURRENT: it has 1099511627776 bytes, and 1024 are the limit"), "\(log.lines)")
  }

  @Test func `what a mount leaves in a store's directory is no fault`() throws {
    try open().close()
    mkdir(path + "/store/lost+found", 0o700)
    try open().close()
    #expect(!log.has("set aside"))
  }

  @Test(arguments: [Odd.pipe, .device, .link, .directory])
  func `what stands in the crash guard's place is told, and not written to`(odd: Odd) throws {
    try open().close()
    odd.put(at: path + "/attempts")
    let fault = #expect(throws: StateDirectoryFault.self) {
      try CrashGuard(directory: path, partitions: 4, logger: log.logger)
    }
    #expect(fault?.description.contains("attempts to be one that a worker made, but it is a") == true)
  }

  @Test(arguments: [Odd.pipe, .device, .link])
  func `an instance id that is no file of ours is drawn anew`(odd: Odd) throws {
    let state = try open()
    defer { state.close() }
    odd.put(at: path + "/instance-id")
    let id = try state.instanceID()
    #expect(UUID(uuidString: id) != nil)
    #expect(log.has("warning the instance id cannot be read and is drawn anew"))
    #expect(try state.instanceID() == id)
    #expect(try mode("/instance-id") & 0o077 == 0)
  }

  @Test(arguments: ["a\nb", "a\0b", "\u{1B}[2J", "é", "a b", "../x", String(repeating: "a", count: 300)])
  func `an instance id that cannot be one is drawn anew, and told`(text: String) throws {
    let state = try open()
    defer { state.close() }
    try Data(text.utf8).write(to: URL(filePath: path + "/instance-id"))
    #expect(UUID(uuidString: try state.instanceID()) != nil)
    #expect(log.has("warning the instance id cannot be read and is drawn anew"))
  }

  @Test func `an instance id of before is kept`() throws {
    let state = try open()
    defer { state.close() }
    for text in ["6a55b2f0-0000-4000-8000-000000000000\n", "one", "orders-1.example_x\n"] {
      try Data(text.utf8).write(to: URL(filePath: path + "/instance-id"))
      #expect(try state.instanceID() == text.trimmingCharacters(in: .newlines))
    }
  }

  // MARK: What they may say

  private func put(_ key: String, _ value: String) throws {
    let state = try open()
    defer { state.close() }
    try StateDirectory.put(Array(key.utf8), Array(value.utf8), in: state.database)
  }

  static func headerText(_ change: (inout [String: Any]) -> Void) -> String {
    var fields: [String: Any] = [
      "format": 2, "applicationID": "bank", "commandsTopic": "commands", "changelogTopic": "changelog",
      "partitions": 4, "schemaVersion": 1,
    ]
    change(&fields)
    return String(decoding: try! JSONSerialization.data(withJSONObject: fields), as: UTF8.self)
  }

  /// Headers that no worker wrote.
  static var wrongHeaders: [String] {
    var texts = ["", "junk", "[]", "{}", "null", "\0", "{\"partitions\":4}"]
    for partitions: Any? in [0, -1, Int.max, 1e300, "4", nil] {
      texts.append(headerText { $0["partitions"] = partitions })
    }
    for version in [0, Int.min] { texts.append(headerText { $0["schemaVersion"] = version }) }
    for format: Any in [Int.min, 1.5] { texts.append(headerText { $0["format"] = format }) }
    texts.append(headerText { $0["applicationID"] = 5 })
    let twice = headerText { _ in }
    texts.append(
      twice.replacingOccurrences(of: "\"partitions\":4", with: "\"partitions\":0,\"partitions\":0"))
    return texts
  }

  @Test(arguments: wrongHeaders)
  func `a header that no worker wrote is damage, told in words`(text: String) throws {
    try put("header", text)
    let fault = #expect(throws: StoreInspectionFault.self) { try StoreInspection(stateDirectory: path) }
    #expect(fault?.description.contains("but its header ") == true, "\(String(describing: fault))")
    #expect(
      fault?.description.contains("DecodingError") == false && fault?.description.contains("Coding") == false)
    let state = try open()
    defer { state.close() }
    #expect(try state.adopt(header) == false)
    #expect(log.has("error the local store was set aside"), "\(log.lines)")
  }

  @Test func `the largest numbers of a header are refused, and trap nobody`() throws {
    for text in [
      Self.headerText { $0["format"] = Int.max }, Self.headerText { $0["schemaVersion"] = Int.max },
      Self.headerText { $0["partitions"] = Int(Int32.max) },
    ] {
      try put("header", text)
      let inspection = try StoreInspection(stateDirectory: path)
      #expect(try inspection.object(Array("key".utf8)) == nil)
    }
    let state = try open()
    defer { state.close() }
    #expect(throws: StoreHeaderFault.self) { try state.adopt(header) }
  }

  @Test(
    arguments: [
      (#"{"1":5,"+1":6}"#, [1: 5], true), (#"{"1":5,"01":6}"#, [1: 5], true), (#"{"-1":5}"#, [:], true),
      (#"{"1":-9223372036854775808}"#, [:], true), (#"{"1":9223372036854775807}"#, [1: .max], false),
      (#"{"1":9223372036854775808}"#, [:], true), (#"{"2147483648":1}"#, [:], true),
      (#"{"1":"5"}"#, [:], true),
      (#"{"1":0}"#, [1: 0], false), ("", [:], true), ("[]", [:], true), ("\0", [:], true),
      (#"{"1":5,"x":6,"2":7}"#, [1: 5, 2: 7], true), ("{}", [:], false),
    ] as [(String, [Int32: Int64], Bool)])
  func `times of partitions that no worker wrote are left out, and told`(
    text: String, times: [Int32: Int64], isDamaged: Bool
  ) throws {
    let found = Array(text.utf8).withUnsafeBytes { StateDirectory.times($0) }
    #expect(found.times == times && found.isDamaged == isDamaged)
    try put("used", text)
    let state = try open()
    defer { state.close() }
    try state.retire(serving: [], retention: .seconds(86_400))
    #expect(log.has("warning the times at which partitions were served last are damaged") == isDamaged)
  }

  @Test func `an offset of a position that cannot be one is damage`() throws {
    let state = try open()
    defer { state.close() }
    for (index, number) in [(0, Int64.min), (0, .max), (1, .max), (1, -2), (2, .max), (3, -2)] {
      _ = try state.reset(0)
      var numbers: [Int64] = [5, 5, 5, 5]
      numbers[index] = number
      let family = try #require(state.database.columnFamily(named: StateDirectory.columnFamilyName(0)))
      var batch = WriteBatch(for: state.database)
      try numbers.withUnsafeBytes { bytes in
        try batch.put(UnsafeRawBufferPointer(start: nil, count: 0), bytes, in: family)
      }
      try state.database.write(&batch)
      #expect(throws: (any Error).self, "\(index): \(number)") { try state.store(of: 0).position() }
    }
  }

  // MARK: The crash guard's numbers

  private func attempts(_ executing: Int64, _ suspect: Int64, _ count: Int64) throws {
    var words = [Int64](repeating: 0, count: 16)
    words[0] = 0x5345_5155_4752_4431
    (words[8], words[9], words[10]) = (executing, suspect, count)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try words.withUnsafeBytes { try Data($0).write(to: URL(filePath: path + "/attempts")) }
  }

  @Test(
    arguments: [
      (9, 9, .max), (9, 9, .min), (9, 9, -1), (.max, .max, 3), (.max, -1, 0), (.max, 9, 1), (-2, -1, 0),
      (.min, -1, 0), (-1, -2, 0),
      (-1, .max, 3), (9, 9, 1_000_001),
    ] as [(Int64, Int64, Int64)])
  func `a count of crashes that cannot be one is damage, and traps nobody`(
    executing: Int64, suspect: Int64, count: Int64
  ) throws {
    try attempts(executing, suspect, count)
    let crashGuard = try CrashGuard(directory: path, partitions: 1, logger: log.logger)
    #expect(log.has("warning what the crash guard noted of a partition is damaged"), "\(log.lines)")
    #expect(crashGuard.poisoned(0, from: 0) == nil)
  }

  @Test func `as many crashes as can be are counted on without a trap`() throws {
    try attempts(9, 9, 1_000_000)
    // One more is no damage at the next start, which would forget the command and run its code again.
    for _ in 1...3 {
      let crashGuard = try CrashGuard(directory: path, partitions: 1, logger: log.logger)
      #expect(crashGuard.poisoned(0, from: 0) == 9)
      crashGuard.slot(of: 0).begin(9)
    }
    #expect(!log.has("is damaged"), "\(log.lines)")
  }
}
