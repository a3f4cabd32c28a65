using System.Globalization;
using Httpmq.Domain.Features;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>
/// What a nats-server of some version does. The only place that compares versions. Ask it of whoever answers: of the connected
/// server (<c>NatsLink.Server</c>), or, in a cluster that may be of mixed versions, of the leader that sent an answer
/// (<see cref="Of(string?)"/> with the <c>_nats.ver</c> in the answer's metadata, which servers write from 2.11 on).
/// An unknown version is taken for the oldest.
/// </summary>
/// <param name="Version">For example 2.10.27; null before the first connection.</param>
internal sealed record ServerFacts(Version? Version)
{
    // nats-server's default, until the connected one has told its own.
    private const int DefaultMaxPayload = 1024 * 1024;

    /// <summary>Of a server that has not said its version.</summary>
    public static ServerFacts Unknown { get; } = new((Version?)null);

    /// <summary>The version as the server writes it, such as <c>2.12.0-preview.1</c>; null before the first connection.</summary>
    public string? Name { get; private init; }

    /// <summary>Where it says that it is, as <c>host:port</c>.</summary>
    public string? Address { get; private init; }

    /// <summary>The largest message that it takes, in bytes.</summary>
    public int MaxPayload { get; private init; } = DefaultMaxPayload;

    /// <summary>Whether it is one of several.</summary>
    public bool IsClustered { get; private init; }

    /// <summary>Whether it has JetStream itself; neighbours may have it where it has not.</summary>
    public bool HasJetStream { get; private init; } = true;

    /// <summary>
    /// The metadata key with the version of the leader that answers: https://github.com/nats-io/nats-server, jetstream_versioning.go.
    /// </summary>
    public const string VersionMetadata = "_nats.ver";

    /// <summary>
    /// Number of the JetStream API: 0 before 2.11. INFO has it as <c>api_lvl</c> since 2.12, which the client library does not read.
    /// </summary>
    public int ApiLevel => LevelOf(Version);

    /// <summary>Whether it has a feature.</summary>
    public bool Has(Feature feature) => Version >= feature.Since;

    /// <summary>
    /// Whether a feature can be used. In a cluster of mixed versions another server than the connected one answers, of which only the level
    /// is known, and that tells servers before 2.11 from each other no more.
    /// </summary>
    /// <param name="feature">The feature.</param>
    /// <param name="answering">The level of the server that answers JetStream's API.</param>
    public bool Has(Feature feature, int answering) => Has(feature) && (!IsClustered || answering >= LevelOf(feature.Since));

    /// <summary>
    /// An acknowledgement beyond what was delivered moves the consumer's cursor, so that messages are skipped: 2.10.17 to 2.10.25.
    /// </summary>
    public bool MovesCursorOnUnknownAck => Version is null || (IsAtLeast(2, 10, 17) && !IsAtLeast(2, 10, 26));

    /// <summary>
    /// Below its mark a consumer that acknowledges another consumer's message leaves it in the work queue; earlier servers remove it.
    /// </summary>
    public bool KeepsMessagesOfOthers => IsAtLeast(2, 12, 5);

    /// <summary>
    /// An acknowledgement of what was never delivered is confirmed all the same where the consumer has flow control: from 2.14 on.
    /// </summary>
    public bool ConfirmsAnythingWithFlowControl => IsAtLeast(2, 14, 0);

    /// <summary>
    /// A consumer's <c>created</c> is the same on every replica and after every restart, so that it tells a replaced one.
    /// </summary>
    public bool HasStableConsumerCreated => IsAtLeast(2, 12, 3);

    /// <summary>Takes a reason with <c>+TERM</c>. Earlier servers confirm it and do not terminate.</summary>
    public bool HasTermReason => Has(Feature.TermReason);

    /// <summary>In lame duck mode JetStream stops at once; earlier servers keep it until they close the connections.</summary>
    public bool StopsJetStreamInLameDuckMode => IsAtLeast(2, 10, 0);

    /// <summary>Keeps the metadata of streams and consumers; earlier servers ignore it.</summary>
    public bool HasMetadata => Has(Feature.Metadata);

    /// <summary>Has <c>sync_interval: always</c>; earlier servers refuse a configuration with it.</summary>
    public bool CanSyncAlways => IsAtLeast(2, 10, 0);

    /// <summary>
    /// Reads compressed blocks, and knows a tombstone (what is stored for a deleted message). Earlier servers delete the former, and take
    /// the latter for a message.
    /// </summary>
    public bool ReadsNewerBlocks => IsAtLeast(2, 10, 0);

    /// <summary>
    /// A stream that had a write error does not answer publishes any more until the server is restarted; only its monitoring knows.
    /// </summary>
    public bool KeepsStreamsStuck => IsAtLeast(2, 14, 0);

    /// <summary>Shuts JetStream down when it is not permitted to write; earlier servers refuse what they cannot store.</summary>
    public bool StopsWhenNotPermitted => IsAtLeast(2, 10, 0);

    /// <summary>Takes 1,000 consumers a stream by default, and has a setting for it that earlier servers refuse.</summary>
    public bool LimitsConsumersByDefault => IsAtLeast(2, 15, 0);

    /// <summary>Of a version as servers write it, such as <c>2.12.0-preview.1</c>, which behaves as the release.</summary>
    public static ServerFacts Of(string? version) =>
        System.Version.TryParse(version?.Split('-', 2)[0], out var parsed) ? new ServerFacts(parsed) { Name = version } : Unknown;

    /// <summary>Of a connected server, from what it said of itself (INFO).</summary>
    public static ServerFacts Of(INatsServerInfo? server) => server is null
        ? Unknown
        : Of(server.Version) with
        {
            Name = server.Version,
            Address = string.Create(CultureInfo.InvariantCulture, $"{server.Host}:{server.Port}"),
            MaxPayload = server.MaxPayload > 0 ? server.MaxPayload : DefaultMaxPayload,
            IsClustered = server.Cluster is { Length: > 0 },
            HasJetStream = server.JetStreamAvailable,
        };

    /// <summary>
    /// Of the leader that sent an answer about a consumer. Before 2.11 it does not say; then it is one of those, and where the connected
    /// server is one too, the same as that.
    /// </summary>
    /// <param name="version">What the answer's configuration says, <see cref="GivenConfig{T}.LeaderVersion"/>.</param>
    /// <param name="connected">The connected server.</param>
    public static ServerFacts OfLeader(string? version, ServerFacts connected) =>
        version is not null ? Of(version)
        : connected.ApiLevel == 0 ? connected
        : Unknown;

    /// <summary>
    /// Whether the leader that sent an answer has a feature, as far as its version tells: before 2.11 it does not say which it is, and is
    /// taken to have what 2.10 has.
    /// </summary>
    /// <param name="version">What the answer's configuration says, <see cref="GivenConfig{T}.LeaderVersion"/>.</param>
    /// <param name="feature">The feature.</param>
    public static bool LeaderHas(string? version, Feature feature) =>
        version is null ? LevelOf(feature.Since) == 0 : Of(version).Has(feature);

    private static int LevelOf(Version? version) => version switch
    {
        null => 0,
        _ when version >= new Version(2, 15) => 5,
        _ when version >= new Version(2, 14) => 4,
        _ when version >= new Version(2, 12) => 2,
        _ when version >= new Version(2, 11) => 1,
        _ => 0,
    };

    private bool IsAtLeast(int major, int minor, int build) => Version is not null && Version >= new Version(major, minor, build);
}
