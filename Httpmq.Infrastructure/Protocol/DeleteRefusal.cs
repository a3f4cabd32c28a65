namespace Httpmq.Infrastructure.Protocol;

/// <summary>Why JetStream did not delete a message.</summary>
internal enum DeleteRefusal
{
    /// <summary>Something that its text does not tell.</summary>
    Other,

    NotThere,

    NotPermitted,
}

/// <summary>
/// Reads the description of <c>err_code</c> 10057, which is one code for all that goes wrong when a message is deleted: it ends in the
/// error of the store, of which there is nothing but the text.
/// </summary>
internal static class DeleteRefusals
{
    public static DeleteRefusal Read(string? description) => description switch
    {
        null => DeleteRefusal.Other,
        _ when Says(description, "EOF") || Says(description, "not found") || Says(description, "no message found") =>
            DeleteRefusal.NotThere,
        _ when Says(description, "not permitted") || Says(description, "sealed") => DeleteRefusal.NotPermitted,
        _ => DeleteRefusal.Other,
    };

    private static bool Says(string description, string words) => description.Contains(words, StringComparison.OrdinalIgnoreCase);
}
