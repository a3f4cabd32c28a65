namespace Httpmq.Infrastructure.Diagnosis;

/// <summary>What a gateway needs of NATS, by what it serves.</summary>
/// <param name="Manages">It serves the management API.</param>
/// <param name="Delivers">It serves the dataplane API.</param>
public sealed record BrokerNeeds(bool Manages, bool Delivers)
{
    /// <summary>The largest message that the gateway takes, in bytes; 0: as large as the server takes.</summary>
    public int MaxMessageBytes { get; init; }

    /// <summary>What the person who sets it knows <see cref="MaxMessageBytes"/> as.</summary>
    public string MaxMessageBytesName { get; init; } = "the limit";

    /// <summary>What the person who sets it knows the domain of JetStream as.</summary>
    public string DomainName { get; init; } = "the domain";

    /// <summary>What the person who sets it knows <see cref="Connection.NatsOptions.ApiPrefix"/> as.</summary>
    public string ApiPrefixName { get; init; } = "the prefix";
}
