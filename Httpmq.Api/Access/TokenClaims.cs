using System.Text.Json;
using Httpmq.Domain.Access;

namespace Httpmq.Api.Access;

/// <summary>Reads what a token says of its principal, once its signature is checked.</summary>
internal static class TokenClaims
{
    /// <summary>RFC 9396.</summary>
    private const string Details = "authorization_details";

    private const string DetailsType = "httpmq";

    private static readonly Dictionary<string, Right> Rights =
        Enum.GetValues<Right>().ToDictionary(static right => right.ToString().ToLowerInvariant(), StringComparer.Ordinal);

    /// <param name="payload">The claims.</param>
    /// <param name="settings">Which claims are meant.</param>
    /// <param name="roles">The rules of each role.</param>
    /// <param name="name">The principal's name.</param>
    /// <param name="rules">What it may do.</param>
    /// <returns>What is wrong; null: nothing.</returns>
    public static string? Read(
        JsonElement payload,
        TokenSettings settings,
        IReadOnlyDictionary<string, IReadOnlyList<AccessRule>> roles,
        out string name,
        out IReadOnlyList<AccessRule> rules)
    {
        (name, rules) = (string.Empty, []);
        if (!payload.TryGetProperty(settings.NameClaim, out var claim) || claim.ValueKind is not JsonValueKind.String
            || claim.GetString() is not { Length: > 0 } text)
        {
            return $"it has no {settings.NameClaim}";
        }

        if (text is Caller.AnonymousName or "-")
        {
            return $"its {settings.NameClaim} is '{text}', which stands for who shows nothing";
        }

        name = text;
        var details = new List<AccessRule>();
        if (ReadDetails(payload, details, out var hasDetails) is { } reason)
        {
            return reason;
        }

        rules = hasDetails ? details : [.. RolesOf(payload, settings.RolesClaim).SelectMany(role => roles.GetValueOrDefault(role) ?? [])];
        return null;
    }

    // A list, or as scopes are written: one text with blanks.
    private static IEnumerable<string> RolesOf(JsonElement payload, string claim) =>
        !payload.TryGetProperty(claim, out var roles) ? []
        : roles.ValueKind switch
        {
            JsonValueKind.String => roles.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            JsonValueKind.Array => roles.EnumerateArray().Where(static role => role.ValueKind is JsonValueKind.String)
                .Select(static role => role.GetString()!),
            _ => [],
        };

    private static string? ReadDetails(JsonElement payload, List<AccessRule> rules, out bool found)
    {
        found = false;
        if (!payload.TryGetProperty(Details, out var details))
        {
            return null;
        }

        if (details.ValueKind is not JsonValueKind.Array)
        {
            return $"its {Details} are no array";
        }

        foreach (var detail in details.EnumerateArray().Where(IsOwn))
        {
            found = true;
            foreach (var member in detail.EnumerateObject().Where(static member => member.Name is not "type"))
            {
                // A denial that is not understood must not be left out.
                if (!Rights.TryGetValue(member.Name, out var right) || member.Value.ValueKind is not JsonValueKind.Object)
                {
                    return $"its {Details} have an unknown or wrong member";
                }

                foreach (var list in member.Value.EnumerateObject())
                {
                    if (ReadRules(list, right, rules) is { } reason)
                    {
                        return reason;
                    }
                }
            }
        }

        return null;
    }

    private static bool IsOwn(JsonElement detail) =>
        detail.ValueKind is JsonValueKind.Object && detail.TryGetProperty("type", out var type)
        && type.ValueKind is JsonValueKind.String && type.ValueEquals(DetailsType);

    private static string? ReadRules(JsonProperty list, Right right, List<AccessRule> rules)
    {
        if (list.Name is not ("allow" or "deny") || list.Value.ValueKind is not JsonValueKind.Array)
        {
            return $"its {Details} have an unknown or wrong member";
        }

        foreach (var item in list.Value.EnumerateArray())
        {
            if (item.ValueKind is not JsonValueKind.String || AccessRule.ReasonAgainst(right, item.GetString()!) is not null)
            {
                return $"its {Details} have a pattern that is not valid";
            }

            rules.Add(new AccessRule(right, list.Name is "allow", item.GetString()!, $"{Details} of the token"));
        }

        return null;
    }
}
