using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Connection;

/// <summary>How to reach NATS.</summary>
public sealed record NatsOptions
{
    /// <summary>One URI, or several of one cluster separated by commas. Default: nats://127.0.0.1:4222.</summary>
    public string Url { get; init; } = "nats://127.0.0.1:4222";

    /// <summary>Who the gateway is; null (default): who a URI says, <c>nats://user:password@host</c>, or nobody.</summary>
    public NatsLogin? Login { get; init; }

    /// <summary>What the person who sets it knows the login as: said where the server demands one and there is none.</summary>
    public string LoginSettingName { get; init; } = "the login";

    /// <summary>How the connection is encrypted. Default: as the URIs say, or the server.</summary>
    public NatsTls Tls { get; init; } = new();

    /// <summary>Name of the connection, as the server's monitoring shows it.</summary>
    public string Name { get; init; } = "httpmq";

    /// <summary>
    /// What the subjects of JetStream's API begin with, without a dot at the end. Default: $JS.API. <c>$JS.hub.API</c> asks the domain
    /// "hub"; an account that imports JetStream's API has the prefix that it imports it under.
    /// </summary>
    public string ApiPrefix { get; init; } = JetStreamSubjects.ApiPrefix;

    /// <summary>What is known of the server by whoever runs it; null (default) where somebody else does.</summary>
    public IServerDiagnosis? Diagnosis { get; init; }

    /// <summary>Time limit of one attempt to connect. Default: 30 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Failed attempts in a row after which the process gives up; -1 (default): never.</summary>
    public int MaxReconnectAttempts { get; init; } = -1;

    /// <summary>What the person who sets it knows it as: said in the log when the attempts are used up.</summary>
    public string MaxReconnectAttemptsName { get; init; } = "the limit";

    /// <summary>
    /// Pause between two attempts at the same server, unless it was away and answers again. Default: 15 s.
    /// </summary>
    public TimeSpan ReconnectWait { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time limit of one answer of the broker; every route answers within 5 s. Default: 4 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>The largest message, in bytes, where that is less than the server's max_payload. Default: 0, no limit of our own.</summary>
    public int MaxMessageBytes { get; init; }

    /// <summary>Publishes and acknowledgements that may wait for an answer at once, at most 65536. Default: 16384.</summary>
    public int MaxInflightRequests { get; init; } = 16_384;

    /// <summary>How long the server keeps a pull request that it cannot serve; it is renewed then. Default: 60 s.</summary>
    public TimeSpan PullExpires { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bytes that may wait for one slow subscriber before its stream is ended. Default: 256 MiB.</summary>
    public long MaxPendingBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>
    /// Bytes that may wait for all subscribers together; beyond, the one for whom the most waits is ended. Default: 1 GiB.
    /// </summary>
    public long MaxTotalPendingBytes { get; init; } = 1024L * 1024 * 1024;

    /// <summary>The <see cref="ApiPrefix"/> that asks this domain; null: the connected server's own.</summary>
    public static string ApiPrefixOf(string? domain) =>
        domain is null ? JetStreamSubjects.ApiPrefix : $"{JetStreamSubjects.Root}{domain}.API";

    /// <summary>The subject of a call of JetStream's API.</summary>
    internal string ApiSubject(string call) => JetStreamSubjects.Api(call, ApiPrefix);

    /// <summary>Whether the API is that of a domain, <c>$JS.hub.API</c>.</summary>
    internal bool IsDomain => ApiPrefix.Split('.') is [JetStreamSubjects.RootToken, _, JetStreamSubjects.ApiToken];

    /// <summary>Whether the API is another account's. What else of that account can be reached, its owner decides.</summary>
    internal bool IsImported => !IsDomain && ApiPrefix is not JetStreamSubjects.ApiPrefix;

    /// <summary>
    /// Where a lock is published. Leaf nodes pass on nothing below <c>$KV.</c> between domains; a domain takes it below its API, too.
    /// </summary>
    /// <param name="key">The tokens after the prefix.</param>
    internal string LockSubject(string key) => IsDomain ? ApiSubject(LockSubjects.Prefix + key) : LockSubjects.Prefix + key;
}
