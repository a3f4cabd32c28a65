using Httpmq.Domain.Errors;

namespace Httpmq.Api.Errors;

/// <summary>
/// The words of one type of error. A name in braces stands for that member of the error, as it is; "q" behind it puts the value into
/// quotes, and cuts what would fill a screen; "s" only cuts it. <c>{refusal}</c> is what JetStream said, <c>{outcome}</c> whether anything
/// happened.
/// </summary>
/// <param name="Message">What failed, where the error names no operation.</param>
/// <param name="Detail">Why, and what to do.</param>
internal sealed record ErrorText(string Message, Func<Error, string> Detail)
{
    public const string Refusal = "{refusal}";

    public const string BehindRefusal = ": {refusal}";

    public ErrorText(string message, string detail) : this(message, _ => detail)
    {
    }

    /// <summary>What only JetStream says, or only an operation meets.</summary>
    public static ErrorText Of(string detail) => new("JetStream refused the request", detail);

    /// <inheritdoc cref="Of(string)"/>
    public static ErrorText Of(Func<Error, string> detail) => new("JetStream refused the request", detail);
}
