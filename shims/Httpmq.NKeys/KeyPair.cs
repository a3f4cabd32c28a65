namespace NATS.NKeys;

/// <summary>
/// What the NATS client refers to, without what it does: any login with a user, a password or a token makes the client load this
/// type, and only logins with an NKey or a JWT, which Httpmq does not offer, call it.
/// </summary>
public sealed class KeyPair
{
    private KeyPair()
    {
    }

    /// <exception cref="NotSupportedException">Always.</exception>
    public static KeyPair FromSeed(ReadOnlySpan<char> seed) => throw NotOffered();

    /// <exception cref="NotSupportedException">Always.</exception>
    public void Sign(ReadOnlyMemory<byte> message, Memory<byte> signature) => throw NotOffered();

    /// <exception cref="NotSupportedException">Always.</exception>
    public string GetPublicKey() => throw NotOffered();

    private static NotSupportedException NotOffered() => new("Logins with an NKey or a JWT are not supported.");
}
