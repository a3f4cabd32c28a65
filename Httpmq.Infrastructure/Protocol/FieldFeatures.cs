using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Streams;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>What the fields of a configuration need of the server, and what becomes of a refusal that concerns new ones.</summary>
internal static class FieldFeatures
{
    /// <summary>The fields that are named and need a feature.</summary>
    public static IReadOnlyList<(string Name, Feature Feature)> Of(StreamConfig config) => Of(NamedFields.Of(config));

    /// <inheritdoc cref="Of(StreamConfig)"/>
    public static IReadOnlyList<(string Name, Feature Feature)> Of(ConsumerConfig config) => Of(NamedFields.Of(config));

    /// <summary>
    /// What is sent: without the fields that ask for nothing, of which a server need not know, and without metadata that only nats-server
    /// writes.
    /// </summary>
    public static StreamConfig Sent(StreamConfig config) => NamedFields.WithoutIdle(
        config with { Metadata = Metadata.OfClients(config.Metadata) }, StreamConfig.DefaultsFor(maxAge: 0), static _ => true);

    /// <inheritdoc cref="Sent(StreamConfig)"/>
    public static ConsumerConfig Sent(ConsumerConfig config) => Sent(config, static _ => true);

    /// <summary>As <see cref="Sent(ConsumerConfig)"/>, for a change: what the server has may be taken away by asking for nothing.</summary>
    public static ConsumerConfig SentAsChange(ConsumerConfig config, ServerFacts server) =>
        Sent(config, feature => !server.Has(Feature.Of(feature)));

    /// <summary>Whether a field is named that v1 does not have.</summary>
    public static bool AreNew(StreamConfig config) => NamedFields.Of(config).Any(static field => !field.Rules.V1);

    /// <inheritdoc cref="AreNew(StreamConfig)"/>
    public static bool AreNew(ConsumerConfig config) => NamedFields.Of(config).Any(static field => !field.Rules.V1);

    /// <summary>What JetStream refuses as invalid in itself is 422 where v1 does not say 400.</summary>
    public static Error Unprocessable(this Error error) =>
        error.Kind is ErrorKind.InvalidInput ? error with { Type = JetStreamErrorTypes.Refused } : error;

    private static ConsumerConfig Sent(ConsumerConfig config, Func<string, bool> without) => NamedFields.WithoutIdle(
        config with { Metadata = Metadata.OfClients(config.Metadata) }, ConsumerConfig.Defaults, without);

    private static IReadOnlyList<(string Name, Feature Feature)> Of(IEnumerable<NamedField> fields) =>
        [.. fields.SelectMany(static field => field.Features.Select(feature => (field.Name, Feature.Of(feature))))];
}
