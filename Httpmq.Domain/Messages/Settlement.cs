using System.Text;
using Httpmq.Domain.Limits;

namespace Httpmq.Domain.Messages;

/// <summary>What JetStream is told about a delivery.</summary>
public enum SettleVerb
{
    /// <summary>It was processed: the message is not redelivered.</summary>
    Ack,

    /// <summary>It was not processed: the message is redelivered after a delay, unless that was its last delivery.</summary>
    Nak,

    /// <summary>It never will be processed: the message is not redelivered to this consumer.</summary>
    Term,

    /// <summary>It is being processed: the time until the message is redelivered begins anew.</summary>
    Progress,
}

/// <summary>A verb and what belongs to it.</summary>
/// <param name="Verb">The verb.</param>
/// <param name="Delay">
/// Of a nak: how long until it is redelivered; 0: at once; null: the consumer's backoff, or 1 s where it has none.
/// </param>
/// <param name="Reason">Of a term: a text for JetStream's advisory, from nats-server 2.10.4 on; null: none.</param>
public readonly record struct Settlement(SettleVerb Verb, GivenDuration? Delay = null, string? Reason = null)
{
    /// <summary>The shortest delay but none, in nanoseconds: 1 ms. Who says 30 means seconds.</summary>
    public const long ShortestDelay = 1_000_000;

    /// <summary>The longest delay, in nanoseconds: a year.</summary>
    public const long LongestDelay = 365L * 24 * 3600 * 1_000_000_000;

    /// <summary>The delay of a nak that names none, where the consumer has no backoff, in nanoseconds: 1 s.</summary>
    public const long DefaultDelay = 1_000_000_000;

    /// <summary>The longest reason, in bytes of UTF-8.</summary>
    public const int LongestReason = 1024;

    /// <summary>The verb as it stands in requests and answers.</summary>
    public static string NameOf(SettleVerb verb) => verb switch
    {
        SettleVerb.Ack => "ack",
        SettleVerb.Nak => "nak",
        SettleVerb.Term => "term",
        _ => "progress",
    };

    /// <summary>What is wrong with what belongs to the verb; null: nothing.</summary>
    public string? Validate() => this switch
    {
        { Delay: not null, Verb: not SettleVerb.Nak } => "delay: only a nak has one",
        { Reason: not null, Verb: not SettleVerb.Term } => "reason: only a term has one",
        { Delay: { } delay } => ValidateDelay(delay),
        { Reason: { } reason } => ValidateReason(reason),
        _ => null,
    };

    private static string? ValidateDelay(GivenDuration delay) => delay.Nanoseconds switch
    {
        0 or (>= ShortestDelay and <= LongestDelay) => null,
        > LongestDelay => $"delay: {GivenDuration.Describe(delay.Nanoseconds)} is longer than a year (8760h)",
        var length => $"delay: {GivenDuration.Describe(length)} is not 0 (at once) or at least {GivenDuration.Describe(ShortestDelay)}"
            + (delay.LooksLikeSeconds ? $"; a number is nanoseconds: for {length} seconds write \"{length}s\"" : string.Empty),
    };

    private static string? ValidateReason(string reason) =>
        Encoding.UTF8.GetByteCount(reason) is > LongestReason and var length
            ? $"reason: {length} bytes are more than {LongestReason}"
            : reason.Any(char.IsControl) ? "reason: it has a control character, such as a line break" : null;
}
