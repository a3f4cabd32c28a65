using Microsoft.IdentityModel.Tokens;

namespace Httpmq.Api.Access;

/// <summary>Whose tokens are taken.</summary>
/// <param name="Issuer">The <c>iss</c> of its tokens; without a file of keys also the URL of the OIDC authority.</param>
/// <param name="Audience">The <c>aud</c> that a token must have.</param>
/// <param name="KeysFile">The file of the keys that sign its tokens; null: the authority has them.</param>
/// <param name="KeysJson">What the file holds: a JSON Web Key Set with a public key.</param>
/// <param name="RolesClaim">The claim that has the roles.</param>
/// <param name="NameClaim">The claim that has the principal's name.</param>
internal sealed record TokenSettings(
    string Issuer, string Audience, string? KeysFile, string? KeysJson, string RolesClaim, string NameClaim)
{
    // RFC 8725, 3.1: those of public keys alone. A secret that signs could also be used by whoever checks.
    public static readonly IReadOnlyList<string> Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    /// <summary>The public keys of a JSON Web Key Set; null where it is none, or has none.</summary>
    public static IReadOnlyList<SecurityKey>? ReadKeys(string json)
    {
        try
        {
            var keys = new JsonWebKeySet(json).Keys
                .Where(static key => key.Kty is JsonWebAlgorithmsKeyTypes.RSA or JsonWebAlgorithmsKeyTypes.EllipticCurve)
                .ToArray<SecurityKey>();
            return keys.Length > 0 ? keys : null;
        }
        catch (Exception exception) when (exception is ArgumentException or System.Text.Json.JsonException or FormatException)
        {
            return null;
        }
    }
}
