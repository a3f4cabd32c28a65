using System.Collections.Frozen;

namespace Httpmq.Api.Http;

/// <summary>The known name that was probably meant by an unknown one.</summary>
internal static class NearestName
{
    private const int Longest = 64;

    // Words of NATS, of its tools and of other products; the first one that is known in the place is meant.
    private static readonly FrozenDictionary<string, string[]> Synonyms = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["subject"] = ["subjects", "subject_name"],
        ["topic"] = ["subjects", "subject_name", "subject"],
        ["topics"] = ["subjects"],
        ["filter"] = ["filter_subject", "subject_name"],
        ["filtersubjects"] = ["filter_subject"],
        ["maxackpending"] = ["max_inflight", "max_msg_inflight"],
        ["maxinflight"] = ["max_inflight", "max_msg_inflight"],
        ["inflight"] = ["max_inflight", "max_msg_inflight"],
        ["maxdeliver"] = ["max_retry"],
        ["retries"] = ["max_retry"],
        ["delivergroup"] = ["delivery_group"],
        ["group"] = ["delivery_group"],
        ["queuegroup"] = ["delivery_group"],
        ["queue"] = ["delivery_group"],
        ["description"] = ["notes"],
        ["durablename"] = ["name"],
        ["durable"] = ["name"],
        ["streamname"] = ["name"],
        ["consumername"] = ["name"],
        ["numreplicas"] = ["replicas"],
        ["ttl"] = ["max_age"],
        ["maxmessages"] = ["max_msgs"],
        ["maxmessagesize"] = ["max_msg_size"],
        ["streamsequence"] = ["stream"],
        ["streamseq"] = ["stream"],
        ["consumersequence"] = ["consumer"],
        ["consumerseq"] = ["consumer"],
        ["payload"] = ["b64_msg"],
        ["message"] = ["b64_msg"],
        ["msg"] = ["b64_msg"],
        ["data"] = ["b64_msg"],
        ["body"] = ["b64_msg"],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The nearest of <paramref name="known"/>, or null where none is near.</summary>
    public static string? Find(string name, IReadOnlyCollection<string> known)
    {
        if (name.Length is 0 or > Longest)
        {
            return null;
        }

        var plain = Plain(name);
        if (Synonyms.TryGetValue(plain, out var meant) && meant.FirstOrDefault(known.Contains) is { } synonym)
        {
            return synonym;
        }

        // One wrong letter in three may be a slip; more is another word.
        var nearest = known.MinBy(candidate => Spelling.Edits(plain, Plain(candidate)));
        return nearest is not null && Spelling.Edits(plain, Plain(nearest)) <= Math.Min(2, plain.Length / 3) ? nearest : null;
    }

    /// <summary>Without what people write differently: case, underscores, dashes.</summary>
    private static string Plain(string name) =>
        name.Replace("_", string.Empty, StringComparison.Ordinal).Replace("-", string.Empty, StringComparison.Ordinal).ToLowerInvariant();
}
